// A small memory of the plugin's own, per tenant. What a call writes is kept together with its decision, both or
// neither: a call that fails leaves nothing behind. All functions throw a `HostError`: `over-quota`, `invalid` (a key has
// 1 to 256 bytes, a value at most 64 KiB) or `unavailable`.
import * as host from "#host/store";
import { asking } from "./failures.js";
import { decodeUtf8, encodeUtf8 } from "./utf8.js";

/**
 * The value under a key.
 * @param {string} key
 * @returns {Uint8Array | null} null when there is none
 */
export function getBytes(key) {
  const found = asking("store", () => host.get(key)) ?? null;
  return found === null || found instanceof Uint8Array ? found : Uint8Array.from(found);
}

/**
 * The value under a key, as text.
 * @param {string} key
 * @returns {string | null} null when there is none
 */
export function get(key) {
  const found = getBytes(key);
  return found === null ? null : decodeUtf8(found);
}

/**
 * The value under a key, read as JSON.
 * @param {string} key
 * @returns {any} null when there is none
 */
export function getJson(key) {
  const found = get(key);
  return found === null ? null : JSON.parse(found);
}

/**
 * Keeps a value.
 * @param {string} key
 * @param {string | Uint8Array} value
 */
export function set(key, value) {
  asking("store", () => host.set(key, typeof value === "string" ? encodeUtf8(value) : value));
}

/**
 * Keeps a value as JSON.
 * @param {string} key
 * @param {any} value
 */
export function setJson(key, value) {
  set(key, JSON.stringify(value));
}

/**
 * Forgets a value; what is not there is no error.
 * @param {string} key
 */
export function remove(key) {
  asking("store", () => host.remove(key));
}
export { remove as delete };

/**
 * Keys in the order of their bytes.
 * @param {object} [options]
 * @param {string} [options.prefix] only those that begin with it
 * @param {string | null} [options.after] only those after this one
 * @param {number} [options.limit] at most 1,000, which it is when not given
 * @returns {string[]}
 */
export function keys({ prefix = "", after = null, limit = 1000 } = {}) {
  return Array.from(asking("store", () => host.keys(prefix, after ?? undefined, limit)));
}
