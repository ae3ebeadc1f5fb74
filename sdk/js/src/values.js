// Small values: amounts, days, spans, findings. All are plain objects.
import { utf8Length } from "./utf8.js";

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
export function money(digits, currency) {
  const found = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(digits);
  const units = found ? Number(found[1] + found[2] + (found[3] ?? "")) : NaN;
  if (!found || !Number.isSafeInteger(units)) throw new RangeError(`no amount of money: ${digits}`);
  return { units, scale: found[3]?.length ?? 0, currency };
}

/**
 * An amount as people write it: "49.90 EUR".
 * @param {Money} amount
 * @returns {string}
 */
export function formatMoney({ units, scale, currency }) {
  const digits = String(Math.abs(units)).padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const sign = units < 0 ? "-" : "";
  return `${sign}${whole}${scale > 0 ? "." + digits.slice(-scale) : ""} ${currency}`;
}

/**
 * A day from ISO 8601: `day("2026-03-01")`.
 * @param {string} text
 * @returns {CalendarDate}
 * @throws {RangeError} when it is not of this form
 */
export function day(text) {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!found) throw new RangeError(`no day: ${text}`);
  return { year: Number(found[1]), month: Number(found[2]), day: Number(found[3]) };
}

/**
 * A day as ISO 8601: "2026-03-01".
 * @param {CalendarDate} date
 * @returns {string}
 */
export function formatDay(date) {
  return [String(date.year).padStart(4, "0"), two(date.month), two(date.day)].join("-");
}

/** @param {number} number */
function two(number) {
  return String(number).padStart(2, "0");
}

/**
 * A span from JavaScript's own indexes into `text`, as `indexOf` and `slice` use them.
 * @param {TextPart} part which text it is
 * @param {string} text the whole text: `message.subject` or `message.body`
 * @param {number} start
 * @param {number} end exclusive
 * @returns {Span | null} null when it is empty or outside the text
 */
export function spanIn(part, text, start, end) {
  if (!(start >= 0 && start < end && end <= text.length)) return null;
  const from = utf8Length(text.slice(0, start));
  return { part, start: from, end: from + utf8Length(text.slice(start, end)) };
}

/**
 * The span of what a regular expression found: `spanOf("body", /refund/i.exec(message.body))`.
 * @param {TextPart} part which text was searched
 * @param {RegExpMatchArray | RegExpExecArray | null} match
 * @returns {Span | null}
 */
export function spanOf(part, match) {
  if (!match || match.input === undefined || match.index === undefined) return null;
  return spanIn(part, match.input, match.index, match.index + match[0].length);
}

/**
 * At most `bytesMax` bytes of a text, cut between characters and marked with "…".
 * @param {string} text
 * @param {number} bytesMax
 * @returns {string}
 */
export function clip(text, bytesMax) {
  if (utf8Length(text) <= bytesMax) return text;
  let kept = "";
  let bytes = 3;
  for (const character of text) {
    bytes += utf8Length(character);
    if (bytes > bytesMax) break;
    kept += character;
  }
  return kept.trimEnd() + "…";
}
