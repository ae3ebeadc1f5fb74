/** @typedef {import("./src/fake.js").FakeHost} FakeHost */
/**
 * Puts something in the host's place for the calls that follow. Returns it, to look at afterwards.
 * @template {FakeHost} T
 * @param {T} [host]
 * @returns {T}
 */
export function host<T extends FakeHost>(host?: T): T;
/**
 * What came of a call.
 * @typedef {object} Result
 * @property {Record<string, any>} answer what was set (the last word) and added (a list): `category`, `tags`, `evidence` …
 * @property {{ kind: "temporary" | "permanent", message: string } | null} failure why it gave up
 */
/**
 * Configures an exported plugin and calls it once.
 * @param {import("./src/worlds.js").Exported} plugin what the module exports: `classify`, `route` …
 * @param {any} view the message, ticket, notification or outgoing mail as plain data; what is missing has a default
 * @param {object} [given]
 * @param {any} [given.settings] `{}` when not given
 * @param {any} [given.call] `now`, `seed`, `tenantName`, `agentLanguage`
 * @returns {Result}
 * @throws {Error} when `configure` refuses the settings, with its words
 */
export function run(plugin: import("./src/worlds.js").Exported, view: any, { settings, call }?: {
    settings?: any;
    call?: any;
}): Result;
/**
 * A message with everything that was not given.
 * @param {object} [given] properties of `Message`; `headers` is an object of lists
 */
export function message(given?: object): any;
/**
 * A ticket with everything that was not given.
 * @param {object} [given] properties of `Ticket`; `recent` is the list of messages, newest first
 */
export function ticket(given?: object): any;
/**
 * A notification with everything that was not given.
 * @param {object} [given] properties of `Notification`
 */
export function notification(given?: object): any;
/**
 * A reply with everything that was not given.
 * @param {object} [given] properties of `Outgoing`
 */
export function outgoing(given?: object): any;
export type FakeHost = import("./src/fake.js").FakeHost;
/**
 * What came of a call.
 */
export type Result = {
    /**
     * what was set (the last word) and added (a list): `category`, `tags`, `evidence` …
     */
    answer: Record<string, any>;
    /**
     * why it gave up
     */
    failure: {
        kind: "temporary" | "permanent";
        message: string;
    } | null;
};
