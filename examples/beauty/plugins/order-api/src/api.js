// The shop's API: GET requests that answer JSON. See README.md for its addresses.
import { HostError, http, PermanentFailure, secret, text } from "@posthouse/sdk";

/**
 * @typedef {{ kind: "found", value: any } | { kind: "none" } | { kind: "away", reason: string }} Answer
 *   "none": the API does not know it. "away": no answer that could be used, and asking again later may help.
 */

/** The API for the length of one call. What was away once is not asked again: a mail must not wait for seven time-outs. */
export class Api {
  /**
   * @param {string} base without a slash at its end
   * @param {string} key name of the secret
   */
  constructor(base, key) {
    this.base = base;
    this.key = key;
    /** @type {string | null} why it is away */
    this.away = null;
  }

  /**
   * @param {string} collection "orders", "shipments" or "batches"
   * @param {string} id as a customer wrote it: it is percent-encoded
   * @returns {Answer}
   */
  one(collection, id) {
    return this.get(`/v1/${collection}/${encodeURIComponent(id)}`);
  }

  /**
   * @param {string} email
   * @returns {Answer} `value.orders`: the newest first
   */
  ordersOf(email) {
    return this.get(`/v1/orders?email=${encodeURIComponent(email)}&limit=2`);
  }

  /**
   * @param {string} path
   * @returns {Answer}
   */
  get(path) {
    if (this.away !== null) return { kind: "away", reason: this.away };
    const answer = this.ask(path);
    if (answer.kind === "away") this.away = answer.reason;
    return answer;
  }

  /**
   * @param {string} path
   * @returns {Answer}
   */
  ask(path) {
    let answer;
    try {
      answer = http.request({
        url: this.base + path,
        // The host fills the key in, and only toward the API's own host.
        headers: { Authorization: text`Bearer ${secret(this.key)}`, Accept: "application/json" },
      });
    } catch (thrown) {
      const passing = thrown instanceof HostError && ["unreachable", "too-large"].includes(thrown.kind);
      if (!passing) throw thrown;
      return { kind: "away", reason: thrown.message };
    }
    if (answer.status === 404 || answer.status === 410) return { kind: "none" };
    if (answer.status === 401 || answer.status === 403) {
      throw new PermanentFailure(`the order API refuses the key (HTTP ${answer.status}): set the secret ${this.key} again`);
    }
    if (!answer.ok) return { kind: "away", reason: `HTTP ${answer.status}` };
    try {
      const value = answer.json();
      if (value !== null && typeof value === "object") return { kind: "found", value };
    } catch {
      // Below.
    }
    return { kind: "away", reason: "its answer is no JSON object" };
  }
}
