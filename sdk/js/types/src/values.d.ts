/**
 * How soon a person should look.
 * @typedef {"low" | "medium" | "high" | "urgent"} Urgency
 */
/**
 * How the customer sounds.
 * @typedef {"positive" | "neutral" | "negative" | "angry"} Sentiment
 */
/**
 * Which text a span points into: the subject, or the new text without quoted history.
 * @typedef {"subject" | "body"} TextPart
 */
/**
 * A piece of text: byte offsets into its UTF-8, end exclusive. Make it with `spanIn` or `spanOf`:
 * JavaScript counts differently.
 * @typedef {{ part: TextPart, start: number, end: number }} Span
 */
/**
 * How sure (0 to 1) and read from where.
 * @typedef {{ confidence: number, span: Span | null }} Finding
 */
/**
 * An exact amount: `units` / 10^`scale` of `currency` (ISO 4217). 49.90 EUR is
 * `{ units: 4990, scale: 2, currency: "EUR" }`; `scale` is at most 6, `units` a safe integer.
 * @typedef {{ units: number, scale: number, currency: string }} Money
 */
/**
 * A calendar day; `month` and `day` count from 1.
 * @typedef {{ year: number, month: number, day: number }} CalendarDate
 */
/**
 * A wall clock reading. `weekday`: 1 is Monday, 7 is Sunday. `offsetSeconds`: what to add to UTC.
 * @typedef {{ date: CalendarDate, hour: number, minute: number, second: number, weekday: number, offsetSeconds: number }} CivilTime
 */
/**
 * Somebody's address as it stood in a header.
 * @typedef {{ name: string | null, address: string }} MailboxAddress
 */
/**
 * An amount from its digits: `money("49.90", "EUR")`.
 * @param {string} digits like "-1234.50", with a point
 * @param {string} currency ISO 4217, upper case
 * @returns {Money}
 * @throws {RangeError} when these are no digits, or more than 6 follow the point
 */
export function money(digits: string, currency: string): Money;
/**
 * An amount as people write it: "49.90 EUR".
 * @param {Money} amount
 * @returns {string}
 */
export function formatMoney({ units, scale, currency }: Money): string;
/**
 * A day from ISO 8601: `day("2026-03-01")`.
 * @param {string} text
 * @returns {CalendarDate}
 * @throws {RangeError} when it is not of this form
 */
export function day(text: string): CalendarDate;
/**
 * A day as ISO 8601: "2026-03-01".
 * @param {CalendarDate} date
 * @returns {string}
 */
export function formatDay(date: CalendarDate): string;
/**
 * A span from JavaScript's own indexes into `text`, as `indexOf` and `slice` use them.
 * @param {TextPart} part which text it is
 * @param {string} text the whole text: `message.subject` or `message.body`
 * @param {number} start
 * @param {number} end exclusive
 * @returns {Span | null} null when it is empty or outside the text
 */
export function spanIn(part: TextPart, text: string, start: number, end: number): Span | null;
/**
 * The span of what a regular expression found: `spanOf("body", /refund/i.exec(message.body))`.
 * @param {TextPart} part which text was searched
 * @param {RegExpMatchArray | RegExpExecArray | null} match
 * @returns {Span | null}
 */
export function spanOf(part: TextPart, match: RegExpMatchArray | RegExpExecArray | null): Span | null;
/**
 * At most `bytesMax` bytes of a text, cut between characters and marked with "…".
 * @param {string} text
 * @param {number} bytesMax
 * @returns {string}
 */
export function clip(text: string, bytesMax: number): string;
/**
 * How soon a person should look.
 */
export type Urgency = "low" | "medium" | "high" | "urgent";
/**
 * How the customer sounds.
 */
export type Sentiment = "positive" | "neutral" | "negative" | "angry";
/**
 * Which text a span points into: the subject, or the new text without quoted history.
 */
export type TextPart = "subject" | "body";
/**
 * A piece of text: byte offsets into its UTF-8, end exclusive. Make it with `spanIn` or `spanOf`:
 * JavaScript counts differently.
 */
export type Span = {
    part: TextPart;
    start: number;
    end: number;
};
/**
 * How sure (0 to 1) and read from where.
 */
export type Finding = {
    confidence: number;
    span: Span | null;
};
/**
 * An exact amount: `units` / 10^`scale` of `currency` (ISO 4217). 49.90 EUR is
 * `{ units: 4990, scale: 2, currency: "EUR" }`; `scale` is at most 6, `units` a safe integer.
 */
export type Money = {
    units: number;
    scale: number;
    currency: string;
};
/**
 * A calendar day; `month` and `day` count from 1.
 */
export type CalendarDate = {
    year: number;
    month: number;
    day: number;
};
/**
 * A wall clock reading. `weekday`: 1 is Monday, 7 is Sunday. `offsetSeconds`: what to add to UTC.
 */
export type CivilTime = {
    date: CalendarDate;
    hour: number;
    minute: number;
    second: number;
    weekday: number;
    offsetSeconds: number;
};
/**
 * Somebody's address as it stood in a header.
 */
export type MailboxAddress = {
    name: string | null;
    address: string;
};
