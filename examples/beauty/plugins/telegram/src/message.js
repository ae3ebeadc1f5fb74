// A notification in the Bot API's own form: HTML text and one button.
import { toneOf } from "@posthouse/sdk";

/** Most characters of a message, counted after the markup was read: UTF-16 units, as the platform counts. */
export const TEXT_MAX = 4096;
/** Most characters of one part, so that a long mail leaves room for the rest. */
const PART_MAX = 1000;
const MARKS = { alarm: "🔴 ", caution: "🟠 ", good: "🟢 ", calm: "" };
const URGENCIES = ["low", "medium", "high", "urgent"];

/**
 * The body of `sendMessage`, but for the group.
 * @param {import("@posthouse/sdk").Notification} notification
 * @param {{ topic?: number, button?: string, silent_below: string }} settings
 * @returns {Record<string, any>}
 */
export function messageOf(notification, settings) {
  const { link } = notification;
  const button = link !== null && canBeButton(link.url) ? { text: settings.button ?? link.label, url: link.url } : null;
  const parts = [{ text: MARKS[toneOf(notification)] + notification.title, bold: true }];
  for (const line of notification.lines) parts.push({ text: line, bold: false });
  for (const { label, value } of notification.fields) parts.push({ text: `${label}: ${value}`, bold: false });
  // The platform refuses buttons that lead into a private network, and the whole message with them: there the link is text.
  if (link !== null && button === null) parts.push({ text: `${link.label}: ${link.url}`, bold: false });
  return {
    text: htmlOf(parts),
    parse_mode: "HTML",
    link_preview_options: { is_disabled: true },
    ...(settings.topic === undefined ? {} : { message_thread_id: settings.topic }),
    ...(isSilent(notification, settings.silent_below) ? { disable_notification: true } : {}),
    ...(button === null ? {} : { reply_markup: { inline_keyboard: [[button]] } }),
  };
}

/**
 * @param {{ text: string, bold: boolean }[]} parts one per line
 * @returns {string} at most `TEXT_MAX` characters of text, markup not counted
 */
function htmlOf(parts) {
  const lines = [];
  let left = TEXT_MAX;
  for (const { text, bold } of parts) {
    const room = Math.min(PART_MAX, left);
    if (room < 2) break;
    const plain = shortened(text, room);
    left -= plain.length + 1;
    lines.push(bold ? `<b>${escaped(plain)}</b>` : escaped(plain));
  }
  return lines.join("\n");
}

/**
 * @param {string} text
 * @param {number} max
 */
function shortened(text, max) {
  if (text.length <= max) return text;
  const cut = text.slice(0, max - 1);
  // Half of a surrogate pair is no character.
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/**
 * What a customer wrote is text, never markup.
 * @param {string} text
 */
export function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * @param {string} url
 */
function canBeButton(url) {
  const host = /^https?:\/\/(\[[^\]]*\]|[^/:?#]+)/i.exec(url)?.[1] ?? "";
  // A name with a dot that is no address: neither localhost nor 127.0.0.1 nor [::1].
  return /\.[a-z][a-z0-9-]*$/i.test(host);
}

/**
 * @param {import("@posthouse/sdk").Notification} notification
 * @param {string} below
 */
function isSilent({ kind, urgency }, below) {
  if (kind !== "ticket" || below === "never") return false;
  return URGENCIES.indexOf(urgency ?? "medium") < URGENCIES.indexOf(below);
}
