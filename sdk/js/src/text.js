// Text that the host completes: literals, secrets, signatures. Plain data until a request is sent, so that what a
// plugin would send can be tested.

/**
 * How the value of a secret or a signature is written into the text around it: as it is, percent-encoded for a URL
 * (RFC 3986, section 2.3), or as inside a JSON string.
 * @typedef {"none" | "percent" | "json"} Escape
 */
/**
 * How a signature's bytes are written: lower-case hexadecimal, base64 with padding, or the URL-safe alphabet without.
 * @typedef {"hex" | "base64" | "base64-url"} DigestEncoding
 */
/**
 * One piece of a text.
 * @typedef {{ kind: "literal", text: string }
 *   | { kind: "secret", name: string, escape: Escape | null }
 *   | { kind: "hmac", key: Text, message: Text, encoding: DigestEncoding, escape: Escape | null }
 *   | { kind: "base64", of: Text }} Piece
 */
/**
 * What may stand for a text: a string, a secret, a signature, a whole text.
 * @typedef {string | Text} TextLike
 */

/** Literal pieces, secrets and signatures, in order. Made by `text`, `url`, `secret`, `hmacSha256`, `base64`, `json`. */
export class Text {
  /** @param {readonly Piece[]} pieces in order */
  constructor(pieces) {
    /** The pieces, in order. */
    this.pieces = pieces;
  }

  /**
   * A text from a string or a text.
   * @param {TextLike} value
   * @returns {Text}
   */
  static of(value) {
    return value instanceof Text ? value : new Text([{ kind: "literal", text: String(value) }]);
  }

  /** Why a text is not shown: printing it would show the shape, never a secret. */
  toString() {
    return this.pieces.map((piece) => (piece.kind === "literal" ? piece.text : `{${piece.kind}}`)).join("");
  }
}

/**
 * The value of a secret of the tenant, which the plugin itself never sees. A request with a secret that was not
 * granted toward its host is refused.
 * @param {string} name as in the manifest's `secrets`
 * @param {Escape} [escape] when not given, the place decides: `url` percent-encodes, `json` escapes, `text` writes as is
 * @returns {Text}
 */
export function secret(name, escape) {
  return new Text([{ kind: "secret", name, escape: escape ?? null }]);
}

/**
 * HMAC-SHA-256 (RFC 2104), computed by the host.
 * @param {object} of
 * @param {TextLike} of.key may hold secrets
 * @param {TextLike} of.message may hold secrets
 * @param {DigestEncoding} [of.encoding] "hex" when not given
 * @param {Escape} [of.escape] when not given, the place decides
 * @returns {Text}
 */
export function hmacSha256({ key, message, encoding = "hex", escape }) {
  return new Text([{ kind: "hmac", key: Text.of(key), message: Text.of(message), encoding, escape: escape ?? null }]);
}

/**
 * Base64 with padding of what a text completes to.
 * @param {TextLike} of may hold secrets
 * @returns {Text}
 */
export function base64(of) {
  return new Text([{ kind: "base64", of: Text.of(of) }]);
}

/**
 * The value of an `Authorization` header for HTTP's Basic authentication.
 * @param {TextLike} user
 * @param {TextLike} password
 * @returns {Text}
 */
export function basicAuth(user, password) {
  return text`Basic ${base64(text`${user}:${password}`)}`;
}

/**
 * Text from a template literal; values stand as they are: text`Bearer ${secret("token")}`.
 * @param {TemplateStringsArray} strings
 * @param {...(TextLike | number)} values
 * @returns {Text}
 */
export function text(strings, ...values) {
  return join(strings, values, (value) => String(value), "none");
}

/**
 * A URL from a template literal; values are percent-encoded: url`https://api.example.com/users/${address}`.
 * @param {TemplateStringsArray} strings
 * @param {...(TextLike | number)} values
 * @returns {Text}
 */
export function url(strings, ...values) {
  return join(strings, values, (value) => percentEncoded(String(value)), "percent");
}

/**
 * A value as JSON; secrets and signatures may stand anywhere a string may: `json({ sign: hmacSha256(…) })`.
 * @param {any} value what `JSON.stringify` takes, with texts in it
 * @returns {Text}
 */
export function json(value) {
  /** @type {Piece[]} */
  const pieces = [];
  writeJson(value, pieces);
  return new Text(merged(pieces));
}

/**
 * @param {readonly string[]} strings
 * @param {readonly any[]} values
 * @param {(value: any) => string} write
 * @param {Escape} escape
 */
function join(strings, values, write, escape) {
  /** @type {Piece[]} */
  const pieces = [];
  strings.forEach((literal, n) => {
    pieces.push({ kind: "literal", text: literal });
    if (n < values.length) {
      const value = values[n];
      if (value instanceof Text) pieces.push(...value.pieces.map((piece) => placed(piece, escape)));
      else pieces.push({ kind: "literal", text: write(value) });
    }
  });
  return new Text(merged(pieces));
}

/**
 * A piece put into a text of a kind: what says nothing of its escape gets that kind's.
 * @param {Piece} piece
 * @param {Escape} escape
 * @returns {Piece}
 */
function placed(piece, escape) {
  const open = (piece.kind === "secret" || piece.kind === "hmac") && piece.escape === null;
  return open && escape !== "none" ? { ...piece, escape } : piece;
}

/**
 * @param {any} value
 * @param {Piece[]} pieces
 */
function writeJson(value, pieces) {
  const literal = (/** @type {string} */ words) => pieces.push({ kind: "literal", text: words });
  if (value instanceof Text) {
    literal('"');
    for (const piece of value.pieces) {
      if (piece.kind === "literal") literal(JSON.stringify(piece.text).slice(1, -1));
      else pieces.push(placed(piece, "json"));
    }
    literal('"');
  } else if (Array.isArray(value)) {
    literal("[");
    value.forEach((item, n) => {
      if (n > 0) literal(",");
      writeJson(item ?? null, pieces);
    });
    literal("]");
  } else if (value !== null && typeof value === "object" && typeof value.toJSON !== "function") {
    literal("{");
    Object.entries(value)
      .filter(([, item]) => item !== undefined && typeof item !== "function")
      .forEach(([key, item], n) => {
        literal(`${n > 0 ? "," : ""}${JSON.stringify(key)}:`);
        writeJson(item, pieces);
      });
    literal("}");
  } else {
    literal(JSON.stringify(value) ?? "null");
  }
}

/**
 * @param {readonly Piece[]} pieces
 * @returns {Piece[]}
 */
function merged(pieces) {
  /** @type {Piece[]} */
  const all = [];
  for (const piece of pieces) {
    const last = all[all.length - 1];
    if (piece.kind === "literal" && piece.text === "") continue;
    if (piece.kind === "literal" && last?.kind === "literal") all[all.length - 1] = { kind: "literal", text: last.text + piece.text };
    else all.push(piece);
  }
  return all;
}

/** @param {string} value */
export function percentEncoded(value) {
  return encodeURIComponent(value).replace(/[!'()*]/g, (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase());
}
