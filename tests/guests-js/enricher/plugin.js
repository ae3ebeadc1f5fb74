import { day, enricher, money } from "@posthouse/sdk";
import { ofCall, ofTicket } from "../lines.js";
import { configure, failWhenTold } from "../settings.js";
import { useHttp } from "../use-http.js";
import { useStore } from "../use-store.js";

export const enrich = enricher({
  configure,
  run({ ticket, call, state }, out) {
    failWhenTold(ticket.subject);
    for (const line of [...ofCall(call), ...ofTicket(ticket)]) out.addEvidence(line);
    if (state.use.includes("store")) for (const line of useStore()) out.addEvidence(line);
    if (state.use.includes("http")) for (const line of useHttp(state.url, state.head)) out.addEvidence(line);
    out.setCustomerName("Ann");
    out.addTag("vip");
    out.addFact("spent", "Spent so far", "149.70 EUR");
    const first = out.addOrder("10-0");
    first.setStatus("shipped");
    first.setPlacedOn(day("2026-03-01"));
    first.setTotal(money("49.90", "EUR"));
    first.setCountry("DE");
    first.setTracking("1Z999", "UPS");
    out.addOrder("10-1").setTracking("YT1");
    try {
      for (let n = 2; n < 33; n++) out.addOrder(`10-${n}`);
    } catch (refusal) {
      out.addEvidence(refusal.constructor === RangeError ? "a 33rd order is refused" : String(refusal));
    }
  },
});
