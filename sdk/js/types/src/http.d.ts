/**
 * Sends a request and waits for the whole answer, at most 10 s and 1 MiB. Any status is an answer.
 * @param {Request} request
 * @returns {Answer}
 * @throws {import("./failures.js").HostError} `denied`, `unreachable`, `too-large` or `invalid`
 */
export function request({ method, url, headers, json, body, bytes, mediaType }: Request): Answer;
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
    /** @param {any} raw the host's object */
    constructor(raw: any);
    /** @type {number} 200 … */
    status: number;
    /** True for 200 to 299. */
    get ok(): boolean;
    /**
     * First value of a header; null when it was not sent. Case does not matter.
     * @param {string} name
     * @returns {string | null}
     */
    header(name: string): string | null;
    /**
     * `Retry-After` in seconds; null when it is missing or a date.
     * @returns {number | null}
     */
    get retryAfterSeconds(): number | null;
    /**
     * The body as text; what is not UTF-8 becomes U+FFFD.
     * @returns {string}
     */
    text(): string;
    /**
     * The body as bytes.
     * @returns {Uint8Array}
     */
    bytes(): Uint8Array;
    /**
     * The body read as JSON.
     * @returns {any}
     * @throws {SyntaxError} when it is none
     */
    json(): any;
    #private;
}
export type TextLike = import("./text.js").TextLike;
export type Method = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
/**
 * A request. At most one of `json`, `body` and `bytes`; at most 1 MiB.
 */
export type Request = {
    /**
     * "GET" when not given
     */
    method?: Method | undefined;
    /**
     * absolute; see the template `url`
     */
    url: TextLike;
    /**
     * Host, Content-Length and hop-by-hop headers belong to the host
     */
    headers?: Record<string, import("./text.js").TextLike> | undefined;
    /**
     * a body in JSON; may hold secrets and signatures where strings may stand
     */
    json?: any;
    /**
     * a body of text
     */
    body?: import("./text.js").TextLike | undefined;
    /**
     * a body of bytes
     */
    bytes?: Uint8Array<ArrayBufferLike> | undefined;
    /**
     * of `body` (text/plain; charset=utf-8) or `bytes` (application/octet-stream)
     */
    mediaType?: string | undefined;
};
