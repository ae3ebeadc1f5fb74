import { drafter, knowledge } from "@posthouse/sdk";

export const draft = drafter({
  // Once, when the plugin is activated. What is thrown here refuses the settings.
  configure: ({ closing = "Kind regards" }) => ({ closing }),

  // For every ticket that wants a reply.
  run({ ticket, call, state }, out) {
    const [article] = knowledge.search(ticket.latest.body, { language: ticket.language, limit: 1 });
    if (!article) return; // Nothing to say: a person writes.

    const name = ticket.customer.name ?? "customer";
    const reply = out.add(`Dear ${name},\n\n${article.text}\n\n${state.closing}\n${call.tenantName}`);
    reply.addCitation(article.id, article.title);
    reply.addFilled("name", name);
    reply.setConfidence(0.5);
    if (ticket.language) reply.setLanguage(ticket.language);
    if (ticket.missing.includes("order-number")) reply.addQuestion("order-number", "Could you tell us your order number?");
  },
});
