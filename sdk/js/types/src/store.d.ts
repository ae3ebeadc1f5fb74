/**
 * The value under a key.
 * @param {string} key
 * @returns {Uint8Array | null} null when there is none
 */
export function getBytes(key: string): Uint8Array | null;
/**
 * The value under a key, as text.
 * @param {string} key
 * @returns {string | null} null when there is none
 */
export function get(key: string): string | null;
/**
 * The value under a key, read as JSON.
 * @param {string} key
 * @returns {any} null when there is none
 */
export function getJson(key: string): any;
/**
 * Keeps a value.
 * @param {string} key
 * @param {string | Uint8Array} value
 */
export function set(key: string, value: string | Uint8Array): void;
/**
 * Keeps a value as JSON.
 * @param {string} key
 * @param {any} value
 */
export function setJson(key: string, value: any): void;
/**
 * Forgets a value; what is not there is no error.
 * @param {string} key
 */
export function remove(key: string): void;
/**
 * Keys in the order of their bytes.
 * @param {object} [options]
 * @param {string} [options.prefix] only those that begin with it
 * @param {string | null} [options.after] only those after this one
 * @param {number} [options.limit] at most 1,000, which it is when not given
 * @returns {string[]}
 */
export function keys({ prefix, after, limit }?: {
    prefix?: string | undefined;
    after?: string | null | undefined;
    limit?: number | undefined;
}): string[];
export { remove as delete, _delete as delete };
