// What the API says is data from outside: of each field only what has the right form is taken, the rest is left out.
import { clip, day, money } from "@posthouse/sdk";

/** Longest text taken from the API, in bytes. */
export const TEXT_BYTES_MAX = 200;

/**
 * @param {any} value
 * @returns {string | null} trimmed, on one line; null for what is no text
 */
export function textOf(value) {
  if (typeof value !== "string") return null;
  const line = value.replace(/\s+/g, " ").trim();
  return line === "" ? null : clip(line, TEXT_BYTES_MAX);
}

/**
 * @param {any} value "2026-11-01"
 * @returns {import("@posthouse/sdk").CalendarDate | null}
 */
export function dayOf(value) {
  try {
    const date = day(value);
    return date.month >= 1 && date.month <= 12 && date.day >= 1 && date.day <= 31 ? date : null;
  } catch {
    return null;
  }
}

/**
 * @param {any} value `{ amount: "39.90", currency: "EUR" }`
 * @returns {import("@posthouse/sdk").Money | null}
 */
export function moneyOf(value) {
  try {
    return /^[A-Z]{3}$/.test(value.currency) ? money(value.amount, value.currency) : null;
  } catch {
    return null;
  }
}

/**
 * @param {any} value
 * @returns {any[]} at most 10
 */
export function listOf(value) {
  return Array.isArray(value) ? value.filter((one) => one !== null && typeof one === "object").slice(0, 10) : [];
}
