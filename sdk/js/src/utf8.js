// UTF-8 without TextEncoder, which small JavaScript engines lack.

/**
 * The UTF-8 bytes of a text. Half of a surrogate pair counts as U+FFFD.
 * @param {string} text
 * @returns {Uint8Array}
 */
export function encodeUtf8(text) {
  const bytes = [];
  for (const character of text) {
    let code = /** @type {number} */ (character.codePointAt(0));
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return Uint8Array.from(bytes);
}

/**
 * The text of UTF-8 bytes; what is not UTF-8 becomes U+FFFD.
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function decodeUtf8(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const [code, length] = decodeAt(bytes, at);
    text += String.fromCodePoint(code);
    at += length;
  }
  return text;
}

/**
 * How many bytes a text has in UTF-8.
 * @param {string} text
 * @returns {number} bytes
 */
export function utf8Length(text) {
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(at + 1))) {
      bytes += 4;
      at += 1;
    } else bytes += 3;
  }
  return bytes;
}

/** @param {number} unit */
function isLow(unit) {
  return unit >= 0xdc00 && unit < 0xe000;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @returns {[number, number]} code point, length in bytes
 */
function decodeAt(bytes, at) {
  const first = bytes[at];
  if (first < 0x80) return [first, 1];
  const length = first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
  let code = first & (0x7f >> length);
  for (let n = 1; n < length; n++) {
    const next = bytes[at + n];
    if (next === undefined || (next & 0xc0) !== 0x80) return [0xfffd, n];
    code = (code << 6) | (next & 63);
  }
  const fine = length > 0 && code >= [0, 0, 0x80, 0x800, 0x10000][length] && code < 0x110000 && !(code >= 0xd800 && code < 0xe000);
  return fine ? [code, length] : [0xfffd, length || 1];
}
