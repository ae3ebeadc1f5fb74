// Outbound HTTP through the host: only to what was granted, without redirects, TLS verified. It blocks: there is no
 // `await` in a plugin.
import * as host from "#host/http";
import { asking } from "./failures.js";
import { Text, json as jsonText } from "./text.js";

/** @typedef {import("./text.js").TextLike} TextLike */
/**
 * @typedef {"GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE"} Method
 */
/**
 * A request. At most one of `json`, `body` and `bytes`; at most 1 MiB.
 * @typedef {object} Request
 * @property {Method} [method] "GET" when not given
 * @property {TextLike} url absolute; see the template `url`
 * @property {Record<string, TextLike>} [headers] Host, Content-Length and hop-by-hop headers belong to the host
 * @property {any} [json] a body in JSON; may hold secrets and signatures where strings may stand
 * @property {TextLike} [body] a body of text
 * @property {Uint8Array} [bytes] a body of bytes
 * @property {string} [mediaType] of `body` (text/plain; charset=utf-8) or `bytes` (application/octet-stream)
 */

/** An answer, of any status. */
export class Answer {
  #raw;

  /** @param {any} raw the host's object */
  constructor(raw) {
    this.#raw = raw;
    /** @type {number} 200 … */
    this.status = raw.status();
  }

  /** True for 200 to 299. */
  get ok() {
    return this.status >= 200 && this.status <= 299;
  }

  /**
   * First value of a header; null when it was not sent. Case does not matter.
   * @param {string} name
   * @returns {string | null}
   */
  header(name) {
    return this.#raw.header(name) ?? null;
  }

  /**
   * `Retry-After` in seconds; null when it is missing or a date.
   * @returns {number | null}
   */
  get retryAfterSeconds() {
    const value = this.header("retry-after")?.trim() ?? "";
    return /^\d+$/.test(value) ? Number(value) : null;
  }

  /**
   * The body as text; what is not UTF-8 becomes U+FFFD.
   * @returns {string}
   */
  text() {
    return this.#raw.text();
  }

  /**
   * The body as bytes.
   * @returns {Uint8Array}
   */
  bytes() {
    const bytes = this.#raw.body();
    return bytes instanceof Uint8Array ? bytes : Uint8Array.from(bytes);
  }

  /**
   * The body read as JSON.
   * @returns {any}
   * @throws {SyntaxError} when it is none
   */
  json() {
    return JSON.parse(this.text());
  }
}

/**
 * Sends a request and waits for the whole answer, at most 10 s and 1 MiB. Any status is an answer.
 * @param {Request} request
 * @returns {Answer}
 * @throws {import("./failures.js").HostError} `denied`, `unreachable`, `too-large` or `invalid`
 */
export function request({ method = "GET", url, headers = {}, json, body, bytes, mediaType }) {
  return asking("http", () => {
    const sent = new host.Request(/** @type {any} */ (method.toLowerCase()), completed(url));
    for (const [name, value] of Object.entries(headers)) sent.setHeader(name, completed(value));
    if (json !== undefined) sent.setBody(mediaType ?? "application/json; charset=utf-8", completed(jsonText(json)));
    else if (body !== undefined) sent.setBody(mediaType ?? "text/plain; charset=utf-8", completed(body));
    else if (bytes !== undefined) sent.setBodyBytes(mediaType ?? "application/octet-stream", bytes);
    return new Answer(sent.send());
  });
}

/**
 * Hands a text to the host.
 * @param {TextLike} value
 * @returns {any}
 */
function completed(value) {
  const template = new host.Template();
  for (const piece of Text.of(value).pieces) {
    if (piece.kind === "literal") template.literal(piece.text);
    else if (piece.kind === "secret") template.secret(piece.name, piece.escape ?? "none");
    else if (piece.kind === "base64") template.base64(completed(piece.of));
    else template.hmacSha256(completed(piece.key), completed(piece.message), piece.encoding, piece.escape ?? "none");
  }
  return template;
}
