// What stands in for the host in native tests. Set by `testing.host`.

/**
 * What a test gives in place of the host.
 * @typedef {object} FakeHost
 * @property {(request: SentRequest) => FakeAnswer} [http] answers requests; without it they are refused
 * @property {Record<string, string>} [secrets] values by name; a request with any other is refused
 * @property {(prompt: { instructions: string, inputs: string[], maxOutputTokens: number | null }) => string} [model] answers prompts
 * @property {{ id: string, title: string, language?: string, text: string, score?: number }[]} [articles] what a search finds
 * @property {Map<string, Uint8Array>} [store] what is kept; look at it afterwards
 * @property {{ level: string, text: string }[]} [log] lines arrive here
 */
/**
 * A request with its secrets and signatures filled in.
 * @typedef {{ method: string, url: string, headers: Record<string, string>, mediaType: string | null, body: string | null, bytes: Uint8Array | null }} SentRequest
 */
/**
 * An answer for it.
 * @typedef {{ status?: number, headers?: Record<string, string>, body?: string, json?: any, error?: "denied" | "unreachable" | "too-large" | "invalid" }} FakeAnswer
 */

/** @type {FakeHost} */
let current = {};

/** @returns {FakeHost} */
export function fake() {
  return current;
}

/**
 * @param {FakeHost} host
 */
export function setFake(host) {
  current = host;
}
