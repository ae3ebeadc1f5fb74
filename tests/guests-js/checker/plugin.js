import { checker, spanOf } from "@posthouse/sdk";
import { ofCall, ofOutgoing } from "../lines.js";
import { configure, failWhenTold } from "../settings.js";

export const check = checker({
  configure,
  run({ outgoing, call, state }, out) {
    failWhenTold(outgoing.subject);
    for (const line of [...ofCall(call), ...ofOutgoing(outgoing)]) out.warn("read", line);
    const refund = spanOf("body", /refund/i.exec(outgoing.body));
    if (refund) out.block("promised-refund", "promises a refund", refund);
  },
});
