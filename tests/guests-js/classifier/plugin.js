import { classifier, day, money, spanIn, spanOf } from "@posthouse/sdk";
import { ofCall, ofMessage } from "../lines.js";
import { configure, failWhenTold } from "../settings.js";
import { useKnowledge } from "../use-knowledge.js";
import { useLog } from "../use-log.js";
import { useStore } from "../use-store.js";

const USES = { log: useLog, knowledge: useKnowledge, store: useStore };

export const classify = classifier({
  configure,
  run({ message, call, state }, out) {
    failWhenTold(message.subject);
    for (const line of [...ofCall(call), ...ofMessage(message)]) out.addEvidence(line);
    for (const name of state.use) for (const line of USES[name]()) out.addEvidence(line);
    const span = spanOf("body", /\d+-\d+/.exec(message.body));
    out.setCategory("shipping", 0.5);
    out.setCategory("refund", 0.75);
    out.setUrgency("high", 0.5);
    out.setSentiment("angry", 0.25);
    out.setLanguage("en");
    out.markSpam(0.125);
    out.addOrderNumber("1042-88", { confidence: 0.5, span });
    out.addTrackingNumber("1Z9", { carrier: "UPS" });
    out.addTrackingNumber("YT1");
    out.addSku("LAMP-1");
    out.addAmount(money("49.90", "EUR"));
    out.addDate(day("2026-03-01"));
    out.addMatch("greeting", "你好", spanIn("subject", message.subject, 0, message.subject.length));
    out.addTag("vip");
    out.addMissing("photo");
    out.addRisk("safety", "burns", span);
  },
});
