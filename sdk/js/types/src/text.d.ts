/**
 * The value of a secret of the tenant, which the plugin itself never sees. A request with a secret that was not
 * granted toward its host is refused.
 * @param {string} name as in the manifest's `secrets`
 * @param {Escape} [escape] when not given, the place decides: `url` percent-encodes, `json` escapes, `text` writes as is
 * @returns {Text}
 */
export function secret(name: string, escape?: Escape): Text;
/**
 * HMAC-SHA-256 (RFC 2104), computed by the host.
 * @param {object} of
 * @param {TextLike} of.key may hold secrets
 * @param {TextLike} of.message may hold secrets
 * @param {DigestEncoding} [of.encoding] "hex" when not given
 * @param {Escape} [of.escape] when not given, the place decides
 * @returns {Text}
 */
export function hmacSha256({ key, message, encoding, escape }: {
    key: TextLike;
    message: TextLike;
    encoding?: DigestEncoding | undefined;
    escape?: Escape | undefined;
}): Text;
/**
 * Base64 with padding of what a text completes to.
 * @param {TextLike} of may hold secrets
 * @returns {Text}
 */
export function base64(of: TextLike): Text;
/**
 * The value of an `Authorization` header for HTTP's Basic authentication.
 * @param {TextLike} user
 * @param {TextLike} password
 * @returns {Text}
 */
export function basicAuth(user: TextLike, password: TextLike): Text;
/**
 * Text from a template literal; values stand as they are: text`Bearer ${secret("token")}`.
 * @param {TemplateStringsArray} strings
 * @param {...(TextLike | number)} values
 * @returns {Text}
 */
export function text(strings: TemplateStringsArray, ...values: (TextLike | number)[]): Text;
/**
 * A URL from a template literal; values are percent-encoded: url`https://api.example.com/users/${address}`.
 * @param {TemplateStringsArray} strings
 * @param {...(TextLike | number)} values
 * @returns {Text}
 */
export function url(strings: TemplateStringsArray, ...values: (TextLike | number)[]): Text;
/**
 * A value as JSON; secrets and signatures may stand anywhere a string may: `json({ sign: hmacSha256(…) })`.
 * @param {any} value what `JSON.stringify` takes, with texts in it
 * @returns {Text}
 */
export function json(value: any): Text;
/** @param {string} value */
export function percentEncoded(value: string): string;
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
    /**
     * A text from a string or a text.
     * @param {TextLike} value
     * @returns {Text}
     */
    static of(value: TextLike): Text;
    /** @param {readonly Piece[]} pieces in order */
    constructor(pieces: readonly Piece[]);
    /** The pieces, in order. */
    pieces: readonly Piece[];
    /** Why a text is not shown: printing it would show the shape, never a secret. */
    toString(): string;
}
/**
 * How the value of a secret or a signature is written into the text around it: as it is, percent-encoded for a URL
 * (RFC 3986, section 2.3), or as inside a JSON string.
 */
export type Escape = "none" | "percent" | "json";
/**
 * How a signature's bytes are written: lower-case hexadecimal, base64 with padding, or the URL-safe alphabet without.
 */
export type DigestEncoding = "hex" | "base64" | "base64-url";
/**
 * One piece of a text.
 */
export type Piece = {
    kind: "literal";
    text: string;
} | {
    kind: "secret";
    name: string;
    escape: Escape | null;
} | {
    kind: "hmac";
    key: Text;
    message: Text;
    encoding: DigestEncoding;
    escape: Escape | null;
} | {
    kind: "base64";
    of: Text;
};
/**
 * What may stand for a text: a string, a secret, a signature, a whole text.
 */
export type TextLike = string | Text;
