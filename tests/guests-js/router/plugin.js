import { router } from "@posthouse/sdk";
import { ofCall, ofTicket } from "../lines.js";
import { configure, failWhenTold } from "../settings.js";
import { useStore } from "../use-store.js";

export const route = router({
  configure,
  run({ ticket, call, state }, out) {
    failWhenTold(ticket.subject);
    for (const line of [...ofCall(call), ...ofTicket(ticket)]) out.addEvidence(line);
    if (state.use.includes("store")) for (const line of useStore()) out.addEvidence(line);
    out.setQueue("refunds");
    out.setPriority(250);
    out.setDeadline(call.now + 3600);
    out.addNotifier("team");
    out.addTag("vip");
    out.addMatch("angry", "never again");
  },
});
