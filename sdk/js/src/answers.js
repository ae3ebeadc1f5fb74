// Where a plugin puts its answer. Setting a value twice keeps the last. A value of a wrong form is left out by the
// host and noted on the decision.
import { payloadOf } from "./failures.js";

/** @typedef {import("./values.js").Urgency} Urgency */
/** @typedef {import("./values.js").Sentiment} Sentiment */
/** @typedef {import("./values.js").Span} Span */
/** @typedef {import("./values.js").Money} Money */
/** @typedef {import("./values.js").CalendarDate} CalendarDate */
/**
 * How sure (0 to 1, 1 when not given) and read from where.
 * @typedef {{ confidence?: number, span?: Span | null }} Found
 */

/** An object of the host's that takes answers. */
class Answer {
  #raw;
  #wide;

  /**
   * @param {any} raw the host's object
   * @param {boolean} wide whether this engine passes 64-bit numbers as BigInt
   */
  constructor(raw, wide) {
    this.#raw = raw;
    this.#wide = wide;
  }

  /**
   * @param {string} name
   * @param {any[]} given
   * @returns {any}
   */
  _tell(name, ...given) {
    return this.#raw[name](...given);
  }

  /**
   * @param {string} name
   * @param {new (raw: any, wide: boolean) => any} Made
   * @param {string} given
   */
  _make(name, Made, given) {
    try {
      return new Made(this.#raw[name](given), this.#wide);
    } catch (thrown) {
      const refusal = payloadOf(thrown);
      throw typeof refusal === "string" ? new RangeError(refusal) : thrown;
    }
  }

  /** @param {number} value */
  _long(value) {
    return this.#wide ? BigInt(Math.trunc(value)) : Math.trunc(value);
  }

  /** @param {Money} value */
  _money({ units, scale, currency }) {
    return { units: this._long(units), scale, currency };
  }
}

/** @param {Found} [found] */
function finding({ confidence = 1, span } = {}) {
  return { confidence, span: span ?? undefined };
}

/**
 * What a classifier found. Names (category, tag, key, kind) are 1 to 64 bytes of lower-case letters, digits, `-`, `_`,
 * `/` or any letter outside ASCII.
 */
export class Triage extends Answer {
  /** @param {string} name @param {number} [confidence] 0 to 1 */
  setCategory(name, confidence = 1) {
    this._tell("setCategory", name, confidence);
  }

  /** @param {Urgency} urgency @param {number} [confidence] 0 to 1 */
  setUrgency(urgency, confidence = 1) {
    this._tell("setUrgency", urgency, confidence);
  }

  /** @param {Sentiment} sentiment @param {number} [confidence] 0 to 1 */
  setSentiment(sentiment, confidence = 1) {
    this._tell("setSentiment", sentiment, confidence);
  }

  /** @param {string} tag BCP 47 @param {number} [confidence] 0 to 1 */
  setLanguage(tag, confidence = 1) {
    this._tell("setLanguage", tag, confidence);
  }

  /** Unwanted mail. It never reaches a model, and a person can take it back. @param {number} [confidence] 0 to 1 */
  markSpam(confidence = 1) {
    this._tell("markSpam", confidence);
  }

  /** @param {string} value @param {Found} [found] */
  addOrderNumber(value, found) {
    this._tell("addOrderNumber", value, finding(found));
  }

  /** @param {string} value @param {Found & { carrier?: string | null }} [found] `carrier`: the name people use */
  addTrackingNumber(value, found) {
    this._tell("addTrackingNumber", value, found?.carrier ?? undefined, finding(found));
  }

  /** @param {string} value @param {Found} [found] */
  addSku(value, found) {
    this._tell("addSku", value, finding(found));
  }

  /** @param {Money} value @param {Found} [found] */
  addAmount(value, found) {
    this._tell("addAmount", this._money(value), finding(found));
  }

  /** @param {CalendarDate} value @param {Found} [found] */
  addDate(value, found) {
    this._tell("addDate", value, finding(found));
  }

  /**
   * A rule that spoke, with the words it found: the host shows it in the reader's language.
   * @param {string} rule
   * @param {string} words
   * @param {Span | null} [span]
   */
  addMatch(rule, words, span) {
    this._tell("addMatch", rule, words, span ?? undefined);
  }

  /** Any other reason, in the agents' language (`call.agentLanguage`). @param {string} text */
  addEvidence(text) {
    this._tell("addEvidence", text);
  }

  /** At most 32. @param {string} tag */
  addTag(tag) {
    this._tell("addTag", tag);
  }

  /** What the customer has not said and an answer needs: "order-number", "photo" … @param {string} key */
  addMissing(key) {
    this._tell("addMissing", key);
  }

  /**
   * A reason to be careful: "legal-threat", "safety", "chargeback" … Never answered without a person.
   * @param {string} kind
   * @param {string} reason
   * @param {Span | null} [span]
   */
  addRisk(kind, reason, span) {
    this._tell("addRisk", kind, reason, span ?? undefined);
  }
}

/** A router's decision. A queue, notifier or agent that the tenant does not have is left out with a note. */
export class Route extends Answer {
  /** @param {string} name */
  setQueue(name) {
    this._tell("setQueue", name);
  }

  /** @param {number} priority 0 (some day) to 100 (now) */
  setPriority(priority) {
    this._tell("setPriority", Math.max(0, Math.min(100, Math.round(priority))));
  }

  /** When the customer must have an answer. @param {number} at seconds since 1970 */
  setDeadline(at) {
    this._tell("setDeadline", this._long(at));
  }

  /** Tell this notifier of the tenant; at most 8. @param {string} name */
  addNotifier(name) {
    this._tell("addNotifier", name);
  }

  /** @param {string} tag */
  addTag(tag) {
    this._tell("addTag", tag);
  }

  /** A rule that spoke, with what made it speak. @param {string} rule @param {string} words */
  addMatch(rule, words) {
    this._tell("addMatch", rule, words);
  }

  /** Any other reason, in the agents' language. @param {string} text */
  addEvidence(text) {
    this._tell("addEvidence", text);
  }
}

/** A drafter's proposals: the first is the one shown first, a fourth is refused. */
export class Drafts extends Answer {
  /**
   * A proposal.
   * @param {string} body plain text, at most 64 KiB
   * @returns {Draft} to say more about it
   * @throws {RangeError} when it is refused: empty, too long, or the fourth
   */
  add(body) {
    return this._make("add", Draft, body);
  }
}

/** A proposed reply. */
export class Draft extends Answer {
  /** "Re: " and the ticket's subject when not called. @param {string} subject */
  setSubject(subject) {
    this._tell("setSubject", subject);
  }

  /** @param {string} tag BCP 47 */
  setLanguage(tag) {
    this._tell("setLanguage", tag);
  }

  /** The template it came from. @param {string} id */
  setTemplate(id) {
    this._tell("setTemplate", id);
  }

  /** @param {number} confidence 0 to 1 */
  setConfidence(confidence) {
    this._tell("setConfidence", confidence);
  }

  /** A model wrote (part of) the text. */
  setModelWritten() {
    this._tell("setModelWritten");
  }

  /** A variable that was filled, as shown to the agent. @param {string} variable @param {string} value */
  addFilled(variable, value) {
    this._tell("addFilled", variable, value);
  }

  /** A variable that stayed empty: the draft cannot be sent before a person fills it. @param {string} variable */
  addUnfilled(variable) {
    this._tell("addUnfilled", variable);
  }

  /** What to ask the customer, in the draft's language. @param {string} key @param {string} question */
  addQuestion(key, question) {
    this._tell("addQuestion", key, question);
  }

  /** The article that a statement rests on. @param {string} article its id @param {string} title */
  addCitation(article, title) {
    this._tell("addCitation", article, title);
  }

  /** Why this draft, in the agents' language. @param {string} text */
  addEvidence(text) {
    this._tell("addEvidence", text);
  }
}

/** What the client's own systems know. */
export class Enrichment extends Answer {
  /** A fact for the side of the ticket and for templates; at most 64. @param {string} key @param {string} label @param {string} value */
  addFact(key, label, value) {
    this._tell("addFact", key, label, value);
  }

  /**
   * An order of this customer; at most 32.
   * @param {string} number
   * @returns {OrderEntry} to say more about it
   * @throws {RangeError} when it is refused
   */
  addOrder(number) {
    return this._make("addOrder", OrderEntry, number);
  }

  /** @param {string} name */
  setCustomerName(name) {
    this._tell("setCustomerName", name);
  }

  /** @param {string} tag */
  addTag(tag) {
    this._tell("addTag", tag);
  }

  /** @param {string} text in the agents' language */
  addEvidence(text) {
    this._tell("addEvidence", text);
  }
}

/** An order of the customer. */
export class OrderEntry extends Answer {
  /** The shop's own word. @param {string} status */
  setStatus(status) {
    this._tell("setStatus", status);
  }

  /** @param {CalendarDate} day */
  setPlacedOn(day) {
    this._tell("setPlacedOn", day);
  }

  /** @param {Money} total */
  setTotal(total) {
    this._tell("setTotal", this._money(total));
  }

  /** @param {string} code ISO 3166-1 alpha-2 */
  setCountry(code) {
    this._tell("setCountry", code);
  }

  /** @param {string} number @param {string | null} [carrier] */
  setTracking(number, carrier) {
    this._tell("setTracking", number, carrier ?? undefined);
  }
}

/** What came of telling. */
export class Delivery extends Answer {
  /** The platform's own id of what was posted. @param {string} id */
  setReceipt(id) {
    this._tell("setReceipt", id);
  }

  /** With a temporary failure: do not try again before this. @param {number} seconds at most 3,600 */
  setRetryAfter(seconds) {
    this._tell("setRetryAfter", Math.max(0, Math.min(3600, Math.ceil(seconds))));
  }
}

/** What is wrong with a reply. */
export class Verdict extends Answer {
  /**
   * Must not go out like this.
   * @param {string} code a short name: "promised-refund"
   * @param {string} reason for the agent, in the agents' language
   * @param {Span | null} [span] into the outgoing text
   */
  block(code, reason, span) {
    this._tell("block", code, reason, span ?? undefined);
  }

  /**
   * May go out after a person has seen this; never automatically.
   * @param {string} code
   * @param {string} reason for the agent, in the agents' language
   * @param {Span | null} [span] into the outgoing text
   */
  warn(code, reason, span) {
    this._tell("warn", code, reason, span ?? undefined);
  }
}
