/**
 * What a classifier found. Names (category, tag, key, kind) are 1 to 64 bytes of lower-case letters, digits, `-`, `_`,
 * `/` or any letter outside ASCII.
 */
export class Triage extends Answer {
    /** @param {string} name @param {number} [confidence] 0 to 1 */
    setCategory(name: string, confidence?: number): void;
    /** @param {Urgency} urgency @param {number} [confidence] 0 to 1 */
    setUrgency(urgency: Urgency, confidence?: number): void;
    /** @param {Sentiment} sentiment @param {number} [confidence] 0 to 1 */
    setSentiment(sentiment: Sentiment, confidence?: number): void;
    /** @param {string} tag BCP 47 @param {number} [confidence] 0 to 1 */
    setLanguage(tag: string, confidence?: number): void;
    /** Unwanted mail. It never reaches a model, and a person can take it back. @param {number} [confidence] 0 to 1 */
    markSpam(confidence?: number): void;
    /** @param {string} value @param {Found} [found] */
    addOrderNumber(value: string, found?: Found): void;
    /** @param {string} value @param {Found & { carrier?: string | null }} [found] `carrier`: the name people use */
    addTrackingNumber(value: string, found?: Found & {
        carrier?: string | null;
    }): void;
    /** @param {string} value @param {Found} [found] */
    addSku(value: string, found?: Found): void;
    /** @param {Money} value @param {Found} [found] */
    addAmount(value: Money, found?: Found): void;
    /** @param {CalendarDate} value @param {Found} [found] */
    addDate(value: CalendarDate, found?: Found): void;
    /**
     * A rule that spoke, with the words it found: the host shows it in the reader's language.
     * @param {string} rule
     * @param {string} words
     * @param {Span | null} [span]
     */
    addMatch(rule: string, words: string, span?: Span | null): void;
    /** Any other reason, in the agents' language (`call.agentLanguage`). @param {string} text */
    addEvidence(text: string): void;
    /** At most 32. @param {string} tag */
    addTag(tag: string): void;
    /** What the customer has not said and an answer needs: "order-number", "photo" … @param {string} key */
    addMissing(key: string): void;
    /**
     * A reason to be careful: "legal-threat", "safety", "chargeback" … Never answered without a person.
     * @param {string} kind
     * @param {string} reason
     * @param {Span | null} [span]
     */
    addRisk(kind: string, reason: string, span?: Span | null): void;
}
/** A router's decision. A queue, notifier or agent that the tenant does not have is left out with a note. */
export class Route extends Answer {
    /** @param {string} name */
    setQueue(name: string): void;
    /** @param {number} priority 0 (some day) to 100 (now) */
    setPriority(priority: number): void;
    /** When the customer must have an answer. @param {number} at seconds since 1970 */
    setDeadline(at: number): void;
    /** Tell this notifier of the tenant; at most 8. @param {string} name */
    addNotifier(name: string): void;
    /** @param {string} tag */
    addTag(tag: string): void;
    /** A rule that spoke, with what made it speak. @param {string} rule @param {string} words */
    addMatch(rule: string, words: string): void;
    /** Any other reason, in the agents' language. @param {string} text */
    addEvidence(text: string): void;
}
/** A drafter's proposals: the first is the one shown first, a fourth is refused. */
export class Drafts extends Answer {
    /**
     * A proposal.
     * @param {string} body plain text, at most 64 KiB
     * @returns {Draft} to say more about it
     * @throws {RangeError} when it is refused: empty, too long, or the fourth
     */
    add(body: string): Draft;
}
/** A proposed reply. */
export class Draft extends Answer {
    /** "Re: " and the ticket's subject when not called. @param {string} subject */
    setSubject(subject: string): void;
    /** @param {string} tag BCP 47 */
    setLanguage(tag: string): void;
    /** The template it came from. @param {string} id */
    setTemplate(id: string): void;
    /** @param {number} confidence 0 to 1 */
    setConfidence(confidence: number): void;
    /** A model wrote (part of) the text. */
    setModelWritten(): void;
    /** A variable that was filled, as shown to the agent. @param {string} variable @param {string} value */
    addFilled(variable: string, value: string): void;
    /** A variable that stayed empty: the draft cannot be sent before a person fills it. @param {string} variable */
    addUnfilled(variable: string): void;
    /** What to ask the customer, in the draft's language. @param {string} key @param {string} question */
    addQuestion(key: string, question: string): void;
    /** The article that a statement rests on. @param {string} article its id @param {string} title */
    addCitation(article: string, title: string): void;
    /** Why this draft, in the agents' language. @param {string} text */
    addEvidence(text: string): void;
}
/** What the client's own systems know. */
export class Enrichment extends Answer {
    /** A fact for the side of the ticket and for templates; at most 64. @param {string} key @param {string} label @param {string} value */
    addFact(key: string, label: string, value: string): void;
    /**
     * An order of this customer; at most 32.
     * @param {string} number
     * @returns {OrderEntry} to say more about it
     * @throws {RangeError} when it is refused
     */
    addOrder(number: string): OrderEntry;
    /** @param {string} name */
    setCustomerName(name: string): void;
    /** @param {string} tag */
    addTag(tag: string): void;
    /** @param {string} text in the agents' language */
    addEvidence(text: string): void;
}
/** An order of the customer. */
export class OrderEntry extends Answer {
    /** The shop's own word. @param {string} status */
    setStatus(status: string): void;
    /** @param {CalendarDate} day */
    setPlacedOn(day: CalendarDate): void;
    /** @param {Money} total */
    setTotal(total: Money): void;
    /** @param {string} code ISO 3166-1 alpha-2 */
    setCountry(code: string): void;
    /** @param {string} number @param {string | null} [carrier] */
    setTracking(number: string, carrier?: string | null): void;
}
/** What came of telling. */
export class Delivery extends Answer {
    /** The platform's own id of what was posted. @param {string} id */
    setReceipt(id: string): void;
    /** With a temporary failure: do not try again before this. @param {number} seconds at most 3,600 */
    setRetryAfter(seconds: number): void;
}
/** What is wrong with a reply. */
export class Verdict extends Answer {
    /**
     * Must not go out like this.
     * @param {string} code a short name: "promised-refund"
     * @param {string} reason for the agent, in the agents' language
     * @param {Span | null} [span] into the outgoing text
     */
    block(code: string, reason: string, span?: Span | null): void;
    /**
     * May go out after a person has seen this; never automatically.
     * @param {string} code
     * @param {string} reason for the agent, in the agents' language
     * @param {Span | null} [span] into the outgoing text
     */
    warn(code: string, reason: string, span?: Span | null): void;
}
export type Urgency = import("./values.js").Urgency;
export type Sentiment = import("./values.js").Sentiment;
export type Span = import("./values.js").Span;
export type Money = import("./values.js").Money;
export type CalendarDate = import("./values.js").CalendarDate;
/**
 * How sure (0 to 1, 1 when not given) and read from where.
 */
export type Found = {
    confidence?: number;
    span?: Span | null;
};
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
declare class Answer {
    /**
     * @param {any} raw the host's object
     * @param {boolean} wide whether this engine passes 64-bit numbers as BigInt
     */
    constructor(raw: any, wide: boolean);
    /**
     * @param {string} name
     * @param {any[]} given
     * @returns {any}
     */
    _tell(name: string, ...given: any[]): any;
    /**
     * @param {string} name
     * @param {new (raw: any, wide: boolean) => any} Made
     * @param {string} given
     */
    _make(name: string, Made: new (raw: any, wide: boolean) => any, given: string): any;
    /** @param {number} value */
    _long(value: number): number | bigint;
    /** @param {Money} value */
    _money({ units, scale, currency }: Money): {
        units: number | bigint;
        scale: number;
        currency: string;
    };
    #private;
}
export {};
