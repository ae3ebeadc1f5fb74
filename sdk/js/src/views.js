// What a plugin may read. Every property is lazy: what is not asked for is not copied into the plugin. What was asked
// for once is remembered for the rest of the call.

/** @typedef {import("./values.js").Urgency} Urgency */
/** @typedef {import("./values.js").Sentiment} Sentiment */
/** @typedef {import("./values.js").Finding} Finding */
/** @typedef {import("./values.js").Money} Money */
/** @typedef {import("./values.js").CalendarDate} CalendarDate */
/** @typedef {import("./values.js").CivilTime} CivilTime */
/** @typedef {import("./values.js").MailboxAddress} MailboxAddress */

/** A view of one of the host's objects. */
class View {
  #raw;
  #known = new Map();

  /** @param {any} raw the host's object */
  constructor(raw) {
    this.#raw = raw;
  }

  /**
   * @param {string} name the host's function
   * @param {(value: any) => any} [shape]
   * @returns {any}
   */
  _read(name, shape = (value) => value ?? null) {
    if (!this.#known.has(name)) this.#known.set(name, shape(this.#raw[name]()));
    return this.#known.get(name);
  }

  /**
   * @param {string} name the host's function
   * @param {any[]} given
   * @returns {any}
   */
  _ask(name, ...given) {
    return this.#raw[name](...given);
  }
}

/** @param {any} value */
const number = (value) => (value === undefined || value === null ? null : Number(value));
/** @param {any} value @returns {MailboxAddress | null} */
const address = (value) => (value ? { name: value.name ?? null, address: value.address } : null);
/** @param {any} values */
const addresses = (values) => Array.from(values, address);
/** @param {any} value @returns {Money | null} */
const money = (value) => (value ? { units: Number(value.units), scale: value.scale, currency: value.currency } : null);
/** @param {any} value @returns {Finding} */
const finding = (value) => ({ confidence: value.confidence, span: value.span ?? null });
/** @param {new (raw: any) => any} View_ */
const each = (View_) => (/** @type {any} */ raws) => Array.from(raws, (raw) => new View_(raw));
/** @param {any} values */
const strings = (values) => Array.from(values);

/** The call in progress. */
export class Call extends View {
  /** When the host began this call, in seconds since 1970; the recorded time in a replay. @returns {number} */
  get now() {
    return this._read("now", number);
  }

  /**
   * A number to seed choices with: random, but fixed for a replay. 53 bits of it, so that it is exact.
   * @returns {number}
   */
  get seed() {
    return this._read("seed", (value) => Number(BigInt(value) & 0x1fffffffffffffn));
  }

  /**
   * The wall clock in a time zone.
   * @param {string} timeZone IANA: "Asia/Shanghai"
   * @param {number} [at] seconds since 1970; `now` when not given
   * @returns {CivilTime | null} null for an unknown zone or a time outside the years 0 to 9999
   */
  localTime(timeZone, at = this.now) {
    const instant = typeof this._read("now", (value) => value) === "bigint" ? BigInt(at) : at;
    return this._ask("localTime", instant, timeZone) ?? null;
  }

  /** The tenant's display name, for greetings and signatures. @returns {string} */
  get tenantName() {
    return this._read("tenantName");
  }

  /** The language (BCP 47) that the tenant's agents read: for evidence. @returns {string} */
  get agentLanguage() {
    return this._read("agentLanguage");
  }
}

/** A file that came with a message. */
export class Attachment extends View {
  /** @returns {string | null} */
  get name() {
    return this._read("name");
  }

  /** "image/png" @returns {string} */
  get mediaType() {
    return this._read("mediaType");
  }

  /** In bytes. @returns {number} */
  get size() {
    return this._read("size", number);
  }

  /** True when the text shows it in place. @returns {boolean} */
  get isInline() {
    return this._read("isInline");
  }
}

/** One mail, received or sent. It never changes. */
export class Message extends View {
  /** @returns {string} */
  get subject() {
    return this._read("subject");
  }

  /** The readable new text, without quoted history where that could be told apart; at most 256 KiB. @returns {string} */
  get body() {
    return this._read("body");
  }

  /** The whole readable text with quoted history, at most 1 MiB. @returns {string} */
  get fullText() {
    return this._read("fullText");
  }

  /** @returns {MailboxAddress | null} */
  get from() {
    return this._read("from", address);
  }

  /** @returns {MailboxAddress | null} */
  get replyTo() {
    return this._read("replyTo", address);
  }

  /** @returns {MailboxAddress[]} */
  get to() {
    return this._read("to", addresses);
  }

  /** @returns {MailboxAddress[]} */
  get cc() {
    return this._read("cc", addresses);
  }

  /** By its own Date header, else when it arrived; seconds since 1970. @returns {number} */
  get sentAt() {
    return this._read("sentAt", number);
  }

  /** True for a customer's mail, false for ours. @returns {boolean} */
  get isIncoming() {
    return this._read("isIncoming");
  }

  /** Detected by the host, BCP 47; null when unsure. @returns {string | null} */
  get language() {
    return this._read("language");
  }

  /**
   * All values of a header, unfolded and decoded, first to last.
   * @param {string} name case does not matter
   * @returns {string[]}
   */
  header(name) {
    return strings(this._ask("header", name));
  }

  /** @returns {Attachment[]} */
  get attachments() {
    return this._read("attachments", each(Attachment));
  }
}

/** Something read from the text, by any plugin so far. */
export class Entity extends View {
  /** "order-number", "tracking-number", "sku", "amount", "date"; later versions may add kinds. @returns {string} */
  get kind() {
    return this._read("kind");
  }

  /** As a person would write it: "1042-88", "49.90 EUR", "2026-03-01". @returns {string} */
  get value() {
    return this._read("value");
  }

  /** @returns {Finding} */
  get finding() {
    return this._read("finding", finding);
  }

  /** Of a tracking number, when known: "UPS" … @returns {string | null} */
  get carrier() {
    return this._read("carrier");
  }

  /** Of an amount. @returns {Money | null} */
  get money() {
    return this._read("money", money);
  }

  /** Of a date. @returns {CalendarDate | null} */
  get date() {
    return this._read("date");
  }
}

/** An order of the customer, as an enricher reported it. */
export class Order extends View {
  /** @returns {string} */
  get number() {
    return this._read("number");
  }

  /** The shop's own word: "shipped", "paid" … @returns {string | null} */
  get status() {
    return this._read("status");
  }

  /** @returns {CalendarDate | null} */
  get placedOn() {
    return this._read("placedOn");
  }

  /** @returns {Money | null} */
  get total() {
    return this._read("total", money);
  }

  /** ISO 3166-1 alpha-2 @returns {string | null} */
  get country() {
    return this._read("country");
  }

  /** @returns {string | null} */
  get trackingNumber() {
    return this._read("trackingNumber");
  }

  /** @returns {string | null} */
  get carrier() {
    return this._read("carrier");
  }
}

/**
 * A fact an enricher reported.
 * @typedef {{ key: string, label: string, value: string }} Fact
 */

/** The work item that a thread is. */
export class Ticket extends View {
  /** The number agents use: #1042. @returns {number} */
  get number() {
    return this._read("number", number);
  }

  /** @returns {string} */
  get subject() {
    return this._read("subject");
  }

  /** "new", "waiting", "sent", "handled", "spam", "snoozed"; later versions may add states. @returns {string} */
  get status() {
    return this._read("status");
  }

  /** Seconds since 1970. @returns {number} */
  get createdAt() {
    return this._read("createdAt", number);
  }

  /** @returns {MailboxAddress} */
  get customer() {
    return this._read("customer", address);
  }

  /** @returns {string | null} */
  get category() {
    return this._read("category");
  }

  /** @returns {Urgency | null} */
  get urgency() {
    return this._read("urgency");
  }

  /** @returns {Sentiment | null} */
  get sentiment() {
    return this._read("sentiment");
  }

  /** The customer's language, BCP 47. @returns {string | null} */
  get language() {
    return this._read("language");
  }

  /** @returns {Entity[]} */
  get entities() {
    return this._read("entities", each(Entity));
  }

  /** @returns {string[]} */
  get tags() {
    return this._read("tags", strings);
  }

  /** @returns {string | null} */
  get queue() {
    return this._read("queue");
  }

  /** When the customer must have an answer, seconds since 1970. @returns {number | null} */
  get deadline() {
    return this._read("deadline", number);
  }

  /** Keys of what is still missing: "order-number", "photo" … @returns {string[]} */
  get missing() {
    return this._read("missing", strings);
  }

  /** Kinds of risk found: "legal-threat", "safety" … @returns {string[]} */
  get risks() {
    return this._read("risks", strings);
  }

  /** @returns {Fact[]} */
  get facts() {
    return this._read("facts", (values) => Array.from(values, ({ key, label, value }) => ({ key, label, value })));
  }

  /** @returns {Order[]} */
  get orders() {
    return this._read("orders", each(Order));
  }

  /** How many messages the thread holds, ours and theirs. @returns {number} */
  get messageCount() {
    return this._read("messageCount");
  }

  /** The newest message from the customer. @returns {Message} */
  get latest() {
    return this._read("latest", (raw) => new Message(raw));
  }

  /**
   * The newest messages of the thread, newest first.
   * @param {number} limit at most 20
   * @returns {Message[]}
   */
  recent(limit) {
    return each(Message)(this._ask("recent", limit));
  }
}

/**
 * A label and a value.
 * @typedef {{ label: string, value: string }} Field
 */
/**
 * The one button.
 * @typedef {{ label: string, url: string }} Link
 */

/** What a notifier tells. All text is in the group's language; customers' words in it are not markup. */
export class Notification extends View {
  /** The same for every try: for platforms that drop duplicates. @returns {string} */
  get id() {
    return this._read("id");
  }

  /**
   * "ticket", "digest", "alert", "recovery", "test"; later versions may add kinds. Treat one you do not know as title,
   * lines, fields and link.
   * @returns {string}
   */
  get kind() {
    return this._read("kind");
  }

  /** BCP 47 @returns {string} */
  get language() {
    return this._read("language");
  }

  /** @returns {string} */
  get title() {
    return this._read("title");
  }

  /** @returns {string[]} */
  get lines() {
    return this._read("lines", strings);
  }

  /** @returns {Field[]} */
  get fields() {
    return this._read("fields", (values) => Array.from(values, ({ label, value }) => ({ label, value })));
  }

  /** @returns {Link | null} */
  get link() {
    return this._read("link", (value) => (value ? { label: value.label, url: value.url } : null));
  }

  /** @returns {Urgency | null} */
  get urgency() {
    return this._read("urgency");
  }

  /** Seconds since 1970. @returns {number | null} */
  get deadline() {
    return this._read("deadline", number);
  }

  /** @returns {Ticket | null} */
  get ticket() {
    return this._read("ticket", (raw) => (raw ? new Ticket(raw) : null));
  }
}

/** A reply about to be sent. */
export class Outgoing extends View {
  /** @returns {string} */
  get subject() {
    return this._read("subject");
  }

  /** @returns {string} */
  get body() {
    return this._read("body");
  }

  /** @returns {MailboxAddress[]} */
  get to() {
    return this._read("to", addresses);
  }

  /** @returns {MailboxAddress[]} */
  get cc() {
    return this._read("cc", addresses);
  }

  /** The language of the draft it came from, BCP 47. @returns {string | null} */
  get language() {
    return this._read("language");
  }

  /** @returns {string[]} */
  get attachmentNames() {
    return this._read("attachmentNames", strings);
  }

  /** True when no person has read it. @returns {boolean} */
  get isAutomatic() {
    return this._read("isAutomatic");
  }

  /** @returns {Ticket} */
  get ticket() {
    return this._read("ticket", (raw) => new Ticket(raw));
  }
}
