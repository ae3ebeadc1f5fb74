/**
 * The UTF-8 bytes of a text. Half of a surrogate pair counts as U+FFFD.
 * @param {string} text
 * @returns {Uint8Array}
 */
export function encodeUtf8(text: string): Uint8Array;
/**
 * The text of UTF-8 bytes; what is not UTF-8 becomes U+FFFD.
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function decodeUtf8(bytes: Uint8Array): string;
/**
 * How many bytes a text has in UTF-8.
 * @param {string} text
 * @returns {number} bytes
 */
export function utf8Length(text: string): number;
