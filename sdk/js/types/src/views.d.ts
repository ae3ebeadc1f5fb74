/** The call in progress. */
export class Call extends View {
    /** When the host began this call, in seconds since 1970; the recorded time in a replay. @returns {number} */
    get now(): number;
    /**
     * A number to seed choices with: random, but fixed for a replay. 53 bits of it, so that it is exact.
     * @returns {number}
     */
    get seed(): number;
    /**
     * The wall clock in a time zone.
     * @param {string} timeZone IANA: "Asia/Shanghai"
     * @param {number} [at] seconds since 1970; `now` when not given
     * @returns {CivilTime | null} null for an unknown zone or a time outside the years 0 to 9999
     */
    localTime(timeZone: string, at?: number): CivilTime | null;
    /** The tenant's display name, for greetings and signatures. @returns {string} */
    get tenantName(): string;
    /** The language (BCP 47) that the tenant's agents read: for evidence. @returns {string} */
    get agentLanguage(): string;
}
/** A file that came with a message. */
export class Attachment extends View {
    /** @returns {string | null} */
    get name(): string | null;
    /** "image/png" @returns {string} */
    get mediaType(): string;
    /** In bytes. @returns {number} */
    get size(): number;
    /** True when the text shows it in place. @returns {boolean} */
    get isInline(): boolean;
}
/** One mail, received or sent. It never changes. */
export class Message extends View {
    /** @returns {string} */
    get subject(): string;
    /** The readable new text, without quoted history where that could be told apart; at most 256 KiB. @returns {string} */
    get body(): string;
    /** The whole readable text with quoted history, at most 1 MiB. @returns {string} */
    get fullText(): string;
    /** @returns {MailboxAddress | null} */
    get from(): MailboxAddress | null;
    /** @returns {MailboxAddress | null} */
    get replyTo(): MailboxAddress | null;
    /** @returns {MailboxAddress[]} */
    get to(): MailboxAddress[];
    /** @returns {MailboxAddress[]} */
    get cc(): MailboxAddress[];
    /** By its own Date header, else when it arrived; seconds since 1970. @returns {number} */
    get sentAt(): number;
    /** True for a customer's mail, false for ours. @returns {boolean} */
    get isIncoming(): boolean;
    /** Detected by the host, BCP 47; null when unsure. @returns {string | null} */
    get language(): string | null;
    /**
     * All values of a header, unfolded and decoded, first to last.
     * @param {string} name case does not matter
     * @returns {string[]}
     */
    header(name: string): string[];
    /** @returns {Attachment[]} */
    get attachments(): Attachment[];
}
/** Something read from the text, by any plugin so far. */
export class Entity extends View {
    /** "order-number", "tracking-number", "sku", "amount", "date"; later versions may add kinds. @returns {string} */
    get kind(): string;
    /** As a person would write it: "1042-88", "49.90 EUR", "2026-03-01". @returns {string} */
    get value(): string;
    /** @returns {Finding} */
    get finding(): Finding;
    /** Of a tracking number, when known: "UPS" … @returns {string | null} */
    get carrier(): string | null;
    /** Of an amount. @returns {Money | null} */
    get money(): Money | null;
    /** Of a date. @returns {CalendarDate | null} */
    get date(): CalendarDate | null;
}
/** An order of the customer, as an enricher reported it. */
export class Order extends View {
    /** @returns {string} */
    get number(): string;
    /** The shop's own word: "shipped", "paid" … @returns {string | null} */
    get status(): string | null;
    /** @returns {CalendarDate | null} */
    get placedOn(): CalendarDate | null;
    /** @returns {Money | null} */
    get total(): Money | null;
    /** ISO 3166-1 alpha-2 @returns {string | null} */
    get country(): string | null;
    /** @returns {string | null} */
    get trackingNumber(): string | null;
    /** @returns {string | null} */
    get carrier(): string | null;
}
/**
 * A fact an enricher reported.
 * @typedef {{ key: string, label: string, value: string }} Fact
 */
/** The work item that a thread is. */
export class Ticket extends View {
    /** The number agents use: #1042. @returns {number} */
    get number(): number;
    /** @returns {string} */
    get subject(): string;
    /** "new", "waiting", "sent", "handled", "spam", "snoozed"; later versions may add states. @returns {string} */
    get status(): string;
    /** Seconds since 1970. @returns {number} */
    get createdAt(): number;
    /** @returns {MailboxAddress} */
    get customer(): MailboxAddress;
    /** @returns {string | null} */
    get category(): string | null;
    /** @returns {Urgency | null} */
    get urgency(): Urgency | null;
    /** @returns {Sentiment | null} */
    get sentiment(): Sentiment | null;
    /** The customer's language, BCP 47. @returns {string | null} */
    get language(): string | null;
    /** @returns {Entity[]} */
    get entities(): Entity[];
    /** @returns {string[]} */
    get tags(): string[];
    /** @returns {string | null} */
    get queue(): string | null;
    /** When the customer must have an answer, seconds since 1970. @returns {number | null} */
    get deadline(): number | null;
    /** Keys of what is still missing: "order-number", "photo" … @returns {string[]} */
    get missing(): string[];
    /** Kinds of risk found: "legal-threat", "safety" … @returns {string[]} */
    get risks(): string[];
    /** @returns {Fact[]} */
    get facts(): Fact[];
    /** @returns {Order[]} */
    get orders(): Order[];
    /** How many messages the thread holds, ours and theirs. @returns {number} */
    get messageCount(): number;
    /** The newest message from the customer. @returns {Message} */
    get latest(): Message;
    /**
     * The newest messages of the thread, newest first.
     * @param {number} limit at most 20
     * @returns {Message[]}
     */
    recent(limit: number): Message[];
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
    get id(): string;
    /**
     * "ticket", "digest", "alert", "recovery", "test"; later versions may add kinds. Treat one you do not know as title,
     * lines, fields and link.
     * @returns {string}
     */
    get kind(): string;
    /** BCP 47 @returns {string} */
    get language(): string;
    /** @returns {string} */
    get title(): string;
    /** @returns {string[]} */
    get lines(): string[];
    /** @returns {Field[]} */
    get fields(): Field[];
    /** @returns {Link | null} */
    get link(): Link | null;
    /** @returns {Urgency | null} */
    get urgency(): Urgency | null;
    /** Seconds since 1970. @returns {number | null} */
    get deadline(): number | null;
    /** @returns {Ticket | null} */
    get ticket(): Ticket | null;
}
/** A reply about to be sent. */
export class Outgoing extends View {
    /** @returns {string} */
    get subject(): string;
    /** @returns {string} */
    get body(): string;
    /** @returns {MailboxAddress[]} */
    get to(): MailboxAddress[];
    /** @returns {MailboxAddress[]} */
    get cc(): MailboxAddress[];
    /** The language of the draft it came from, BCP 47. @returns {string | null} */
    get language(): string | null;
    /** @returns {string[]} */
    get attachmentNames(): string[];
    /** True when no person has read it. @returns {boolean} */
    get isAutomatic(): boolean;
    /** @returns {Ticket} */
    get ticket(): Ticket;
}
export type Urgency = import("./values.js").Urgency;
export type Sentiment = import("./values.js").Sentiment;
export type Finding = import("./values.js").Finding;
export type Money = import("./values.js").Money;
export type CalendarDate = import("./values.js").CalendarDate;
export type CivilTime = import("./values.js").CivilTime;
export type MailboxAddress = import("./values.js").MailboxAddress;
/**
 * A fact an enricher reported.
 */
export type Fact = {
    key: string;
    label: string;
    value: string;
};
/**
 * A label and a value.
 */
export type Field = {
    label: string;
    value: string;
};
/**
 * The one button.
 */
export type Link = {
    label: string;
    url: string;
};
/** @typedef {import("./values.js").Urgency} Urgency */
/** @typedef {import("./values.js").Sentiment} Sentiment */
/** @typedef {import("./values.js").Finding} Finding */
/** @typedef {import("./values.js").Money} Money */
/** @typedef {import("./values.js").CalendarDate} CalendarDate */
/** @typedef {import("./values.js").CivilTime} CivilTime */
/** @typedef {import("./values.js").MailboxAddress} MailboxAddress */
/** A view of one of the host's objects. */
declare class View {
    /** @param {any} raw the host's object */
    constructor(raw: any);
    /**
     * @param {string} name the host's function
     * @param {(value: any) => any} [shape]
     * @returns {any}
     */
    _read(name: string, shape?: (value: any) => any): any;
    /**
     * @param {string} name the host's function
     * @param {any[]} given
     * @returns {any}
     */
    _ask(name: string, ...given: any[]): any;
    #private;
}
export {};
