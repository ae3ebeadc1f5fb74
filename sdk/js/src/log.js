// For the people who run the plugin. At most 16 KiB per call; the rest is dropped and counted.
import { write } from "#host/log";

/**
 * @param {"debug" | "info" | "warn" | "error"} level
 * @returns {(...values: any[]) => void}
 */
function at(level) {
  return (...values) => write(level, values.map(shown).join(" "));
}

/** @param {any} value */
function shown(value) {
  if (typeof value === "string") return value;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return value !== null && typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Details for whoever looks for a mistake. Values are joined by spaces; objects are written as JSON. */
export const debug = at("debug");
/** What happened. */
export const info = at("info");
/** What somebody should look at. */
export const warn = at("warn");
/** What went wrong. */
export const error = at("error");
