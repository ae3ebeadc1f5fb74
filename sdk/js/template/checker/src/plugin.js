import { checker, spanIn } from "@posthouse/sdk";

export const check = checker({
  // Once, when the plugin is activated. What is thrown here refuses the settings.
  configure: ({ never = ["guarantee"] }) => ({ never: never.map((word) => word.toLowerCase()) }),

  // For every reply about to go out.
  run({ outgoing, state }, out) {
    const body = outgoing.body.toLowerCase();
    for (const word of state.never) {
      const start = body.indexOf(word);
      if (start < 0) continue;
      const span = spanIn("body", outgoing.body, start, start + word.length);
      out.block("forbidden-word", `"${word}" must not be in a reply`, span);
    }
    if (outgoing.isAutomatic && outgoing.ticket.risks.length > 0) {
      out.warn("risk", `the ticket has risks: ${outgoing.ticket.risks.join(", ")}`);
    }
  },
});
