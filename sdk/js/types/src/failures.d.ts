/**
 * Calls the host and turns its refusal into a `HostError`.
 * @template T
 * @param {string} capability
 * @param {() => T} ask
 * @returns {T}
 */
export function asking<T>(capability: string, ask: () => T): T;
/**
 * What a host function refused with: engines throw the value itself or an error that carries it.
 * @param {any} thrown
 * @returns {any}
 */
export function payloadOf(thrown: any): any;
/**
 * A thrown value as the API's `failure`.
 * @param {any} thrown
 * @returns {{ tag: "temporary" | "permanent", val: string }}
 */
export function failureOf(thrown: any): {
    tag: "temporary" | "permanent";
    val: string;
};
/**
 * A thrown value in words: the message of an error of ours, name and message of any other.
 * @param {any} thrown
 * @returns {string}
 */
export function wordsOf(thrown: any): string;
/** Trying again later may help: the host retries where the world allows it. */
export class TemporaryFailure extends Error {
    /** @param {string} message what went wrong, for the people who run the plugin */
    constructor(message: string);
}
/** Trying again will not help: settings, grants or the plugin must change. */
export class PermanentFailure extends Error {
    /** @param {string} message what went wrong, for the people who run the plugin */
    constructor(message: string);
}
/**
 * An error of a host function. `kind` says which:
 * - of `http`: `denied`, `unreachable`, `too-large`, `invalid`;
 * - of `model`: `not-configured`, `over-budget`, `unavailable`, `rejected`;
 * - of `knowledge`: `unavailable`, `invalid`; of `store`: `over-quota`, `invalid`, `unavailable`.
 *
 * Not caught, it ends the call: as a temporary failure when it is `unreachable`, `unavailable` or
 * `over-budget`, else as a permanent one.
 */
export class HostError extends Error {
    /**
     * @param {string} capability "http", "model", "knowledge" or "store"
     * @param {string} kind see above
     * @param {string} [message] the host's words
     */
    constructor(capability: string, kind: string, message?: string);
    /** Which capability refused. */
    capability: string;
    /** What kind of refusal. */
    kind: string;
}
