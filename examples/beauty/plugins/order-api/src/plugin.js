// What the shop knows of the customer who writes: orders, where the parcel is, whether a batch was recalled.
import { enricher, formatDay, log } from "@posthouse/sdk";
import { Api } from "./api.js";
import { dayOf, listOf, moneyOf, textOf } from "./read.js";
import { wordsFor } from "./words.js";

/** Orders, shipments and batches looked up in one call, of each. */
const EACH_MAX = 2;

export const enrich = enricher({
  configure({ base = "https://api.yunzhi.example", secret = "order_api_key", batch = "^L[0-9]{2}[A-L][0-9]{2}$" }) {
    return { base, secret, batch: new RegExp(batch, "i") };
  },

  run({ ticket, call, state }, out) {
    const desk = new Desk(new Api(state.base, state.secret), out, wordsFor(call.agentLanguage), ticket.customer.address);
    desk.orders(valuesOf(ticket, "order-number"));
    desk.shipments(valuesOf(ticket, "tracking-number"));
    desk.batches(valuesOf(ticket, "sku").filter((value) => state.batch.test(value)));
    desk.close();
  },
});

/**
 * @param {import("@posthouse/sdk").Ticket} ticket
 * @param {string} kind
 */
function valuesOf(ticket, kind) {
  const values = ticket.entities.filter((entity) => entity.kind === kind).map((entity) => entity.value);
  return [...new Set(values)].slice(0, EACH_MAX);
}

/** One ticket's questions to the API, and where the answers go. */
class Desk {
  /**
   * @param {Api} api
   * @param {import("@posthouse/sdk").Enrichment} out
   * @param {ReturnType<typeof wordsFor>} words
   * @param {string} customer e-mail address
   */
  constructor(api, out, words, customer) {
    this.api = api;
    this.out = out;
    this.words = words;
    this.customer = customer.trim().toLowerCase();
    /** @type {Set<string>} shipments of the customer's own orders */
    this.parcels = new Set();
    /** No shipment was reported yet. */
    this.isFirst = true;
  }

  /** @param {string[]} numbers as the customer wrote them; none: the customer's newest orders */
  orders(numbers) {
    if (numbers.length === 0) {
      const answer = this.api.ordersOf(this.customer);
      if (answer.kind === "found") listOf(answer.value.orders).slice(0, EACH_MAX).forEach((order) => this.order(order));
      return;
    }
    for (const number of numbers) {
      const answer = this.api.one("orders", number);
      if (answer.kind === "found") this.order(answer.value);
      if (answer.kind === "none") this.out.addEvidence(this.words.unknownOrder(number));
    }
  }

  /** @param {any} order */
  order(order) {
    const number = textOf(order.number);
    if (number === null) return;
    // Anybody can write down an order's number. Only its owner's address unlocks what the shop knows of it.
    if (textOf(order.customer?.email)?.toLowerCase() !== this.customer) {
      this.out.addTag("identity-check");
      this.out.addEvidence(this.words.othersOrder(number));
      return;
    }
    const entry = this.out.addOrder(number);
    const [status, placed, total] = [textOf(order.status), dayOf(order.placed_on), moneyOf(order.total)];
    if (status !== null) entry.setStatus(status);
    if (placed !== null) entry.setPlacedOn(placed);
    if (total !== null) entry.setTotal(total);
    if (/^[A-Z]{2}$/.test(order.country)) entry.setCountry(order.country);
    const name = textOf(order.customer.name);
    if (name !== null) this.out.setCustomerName(name);
    const parcel = textOf(order.shipment?.number);
    if (parcel !== null) {
      entry.setTracking(parcel, textOf(order.shipment.carrier));
      this.parcels.add(parcel);
    }
    const items = listOf(order.items).map((item) => textOf(item.name)).filter((name) => name !== null);
    if (items.length > 0) this.out.addFact("order_items", this.words.items, items.join(", "));
  }

  /** @param {string[]} numbers as the customer wrote them: only those of the customer's own orders, when there are any, count */
  shipments(numbers) {
    const wanted = this.parcels.size > 0 ? [...this.parcels] : numbers;
    for (const number of wanted.slice(0, EACH_MAX)) {
      const answer = this.api.one("shipments", number);
      if (answer.kind !== "found") continue;
      const status = textOf(answer.value.status);
      const [place, at] = [textOf(answer.value.last_seen?.place), dayOf(answer.value.last_seen?.on)];
      const seen = [place, at === null ? null : formatDay(at)].filter((part) => part !== null).join(", ");
      const parts = [status, seen === "" ? null : `${this.words.lastSeen}: ${seen}`].filter((part) => part !== null);
      if (parts.length === 0) continue;
      // In a template the first one is {{shipment}}.
      const key = this.isFirst ? "shipment" : `shipment.${number}`;
      this.isFirst = false;
      this.out.addFact(key, `${this.words.shipment} ${number}`, parts.join(" · "));
    }
  }

  /** @param {string[]} numbers */
  batches(numbers) {
    for (const written of numbers) {
      const number = written.toUpperCase();
      const answer = this.api.one("batches", number);
      if (answer.kind === "none") this.out.addEvidence(this.words.unknownBatch(number));
      if (answer.kind !== "found") continue;
      const { product, best_before, recall } = answer.value;
      const until = dayOf(best_before);
      const reason = recall === null || recall === undefined ? null : (textOf(recall.reason) ?? "…");
      const parts = [textOf(product), until && this.words.bestBefore(formatDay(until)), reason && this.words.recalled(reason)];
      this.out.addFact(`batch.${number}`, this.words.batch(number), parts.filter(Boolean).join(" · ") || number);
      if (reason !== null) {
        this.out.addTag("recall");
        this.out.addEvidence(`${number}: ${this.words.recalled(reason)}`);
      }
    }
  }

  /** An API that is away is an answer too: the agent must see that something is missing. */
  close() {
    if (this.api.away === null) return;
    log.warn("the order API is away:", this.api.away);
    this.out.addTag("order-data-missing");
    this.out.addFact("order_system", this.words.away, this.words.awayNow);
    this.out.addEvidence(this.words.awayWhy(this.api.away));
  }
}
