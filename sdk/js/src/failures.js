// How a plugin gives up. The texts are for the people who run the plugin: at most 2,000 bytes are kept.

/** Trying again later may help: the host retries where the world allows it. */
export class TemporaryFailure extends Error {
  /** @param {string} message what went wrong, for the people who run the plugin */
  constructor(message) {
    super(message);
    this.name = "TemporaryFailure";
  }
}

/** Trying again will not help: settings, grants or the plugin must change. */
export class PermanentFailure extends Error {
  /** @param {string} message what went wrong, for the people who run the plugin */
  constructor(message) {
    super(message);
    this.name = "PermanentFailure";
  }
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
  constructor(capability, kind, message) {
    super(message || `${capability}: ${kind}`);
    this.name = "HostError";
    /** Which capability refused. */
    this.capability = capability;
    /** What kind of refusal. */
    this.kind = kind;
  }
}

const WORTH_RETRYING = new Set(["unreachable", "unavailable", "over-budget"]);

/**
 * Calls the host and turns its refusal into a `HostError`.
 * @template T
 * @param {string} capability
 * @param {() => T} ask
 * @returns {T}
 */
export function asking(capability, ask) {
  try {
    return ask();
  } catch (thrown) {
    const refusal = payloadOf(thrown);
    if (refusal !== null && typeof refusal === "object" && typeof refusal.tag === "string") {
      throw new HostError(capability, refusal.tag, typeof refusal.val === "string" ? refusal.val : undefined);
    }
    throw thrown;
  }
}

/**
 * What a host function refused with: engines throw the value itself or an error that carries it.
 * @param {any} thrown
 * @returns {any}
 */
export function payloadOf(thrown) {
  return thrown !== null && typeof thrown === "object" && "payload" in thrown ? thrown.payload : thrown;
}

/**
 * A thrown value as the API's `failure`.
 * @param {any} thrown
 * @returns {{ tag: "temporary" | "permanent", val: string }}
 */
export function failureOf(thrown) {
  const temporary =
    thrown instanceof TemporaryFailure || (thrown instanceof HostError && WORTH_RETRYING.has(thrown.kind));
  return { tag: temporary ? "temporary" : "permanent", val: wordsOf(thrown) };
}

/**
 * A thrown value in words: the message of an error of ours, name and message of any other.
 * @param {any} thrown
 * @returns {string}
 */
export function wordsOf(thrown) {
  if (!(thrown instanceof Error)) return String(thrown);
  const plain = thrown.name === "Error" || thrown instanceof TemporaryFailure || thrown instanceof PermanentFailure;
  return plain || thrown instanceof HostError ? thrown.message : `${thrown.name}: ${thrown.message}`;
}
