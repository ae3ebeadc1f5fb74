import { drafter } from "@posthouse/sdk";
import { ofCall, ofTicket } from "../lines.js";
import { configure, failWhenTold } from "../settings.js";
import { useKnowledge } from "../use-knowledge.js";
import { useModel } from "../use-model.js";

const USES = { model: useModel, knowledge: useKnowledge };

export const draft = drafter({
  configure,
  run({ ticket, call, state }, out) {
    failWhenTold(ticket.subject);
    const first = out.add("Dear Ann,\n\nhello.");
    for (const line of [...ofCall(call), ...ofTicket(ticket)]) first.addEvidence(line);
    for (const name of state.use) for (const line of USES[name]()) first.addEvidence(line);
    first.setSubject("Re: your order");
    first.setLanguage("en");
    first.setTemplate("shipping-en");
    first.setConfidence(0.75);
    first.setModelWritten();
    first.addFilled("order_number", "1042-88");
    first.addUnfilled("tracking_number");
    first.addQuestion("photo", "Could you send a photo?");
    first.addCitation("returns", "Returns");
    out.add("second");
    const third = out.add("third");
    try {
      out.add("fourth");
    } catch (refusal) {
      third.addEvidence(refusal.constructor === RangeError ? "a fourth is refused" : String(refusal));
    }
  },
});
