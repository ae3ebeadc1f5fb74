// One function per world: it makes of a plain object what the component exports.
import { Delivery, Drafts, Enrichment, Route, Triage, Verdict } from "./answers.js";
import { failureOf, wordsOf } from "./failures.js";
import { Call, Message, Notification, Outgoing, Ticket } from "./views.js";

/**
 * A plugin.
 * @template Input
 * @template Out
 * @template State
 * @typedef {object} Plugin
 * @property {(settings: any) => State} [configure] Called once, at activation, with the tenant's settings (parsed JSON, `{}` when
 *   empty). No host function may be called in it. What it returns is `state` for every call; not given, `state` is
 *   the settings. What it throws refuses the settings, with its message for the person who wrote them.
 * @property {(given: Input & { call: Call, state: State }, out: Out) => void} run One call. It starts from the memory
 *   that `configure` left: nothing is carried from one call to the next. What it throws ends the call as a failure: see
 *   `TemporaryFailure`, `PermanentFailure`, `HostError`; any other error is permanent.
 */
/**
 * What the component exports.
 * @typedef {{ configure(settings: string): void, run(call: any, view: any, out: any): void }} Exported
 */

/**
 * @param {string} name how the input is called
 * @param {new (raw: any) => any} View
 * @param {new (raw: any, wide: boolean) => any} Out
 * @returns {(plugin: Plugin<any, any, any>) => Exported}
 */
function world(name, View, Out) {
  return (plugin) => {
    if (typeof plugin?.run !== "function") throw new TypeError("a plugin needs a function `run`");
    /** @type {{ state: any } | null} */
    let configured = null;
    return {
      configure(text) {
        try {
          const settings = parsed(text);
          configured = { state: plugin.configure ? plugin.configure(settings) : settings };
        } catch (thrown) {
          throw wordsOf(thrown);
        }
      },
      run(rawCall, rawView, rawOut) {
        try {
          if (!configured) throw new Error("`run` was called before `configure`");
          const wide = typeof rawCall.now() === "bigint";
          const given = { [name]: new View(rawView), call: new Call(rawCall), state: configured.state };
          /** @type {any} */
          const returned = plugin.run(given, new Out(rawOut, wide));
          if (typeof returned?.then === "function") throw new TypeError("`run` must not be async: nothing waits for it");
        } catch (thrown) {
          throw failureOf(thrown);
        }
      },
    };
  };
}

/**
 * @param {string} text
 * @returns {any}
 */
function parsed(text) {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`settings: ${wordsOf(error)}`);
  }
}

/**
 * Says what a mail is about: `export const classify = classifier({ run({ message, call, state }, out) { … } })`.
 * @type {<State = any>(plugin: Plugin<{ message: Message }, Triage, State>) => Exported}
 */
export const classifier = world("message", Message, Triage);

/**
 * Says who should handle a ticket, by when, and who is told: `export const route = router({ run({ ticket, call, state }, out) { … } })`.
 * @type {<State = any>(plugin: Plugin<{ ticket: Ticket }, Route, State>) => Exported}
 */
export const router = world("ticket", Ticket, Route);

/**
 * Proposes replies: `export const draft = drafter({ run({ ticket, call, state }, out) { … } })`.
 * @type {<State = any>(plugin: Plugin<{ ticket: Ticket }, Drafts, State>) => Exported}
 */
export const drafter = world("ticket", Ticket, Drafts);

/**
 * Tells a chat group: `export const notify = notifier({ run({ notification, call, state }, out) { … } })`.
 * @type {<State = any>(plugin: Plugin<{ notification: Notification }, Delivery, State>) => Exported}
 */
export const notifier = world("notification", Notification, Delivery);

/**
 * Fetches what the client's own systems know: `export const enrich = enricher({ run({ ticket, call, state }, out) { … } })`.
 * @type {<State = any>(plugin: Plugin<{ ticket: Ticket }, Enrichment, State>) => Exported}
 */
export const enricher = world("ticket", Ticket, Enrichment);

/**
 * Looks at a reply before it goes out: `export const check = checker({ run({ outgoing, call, state }, out) { … } })`.
 * @type {<State = any>(plugin: Plugin<{ outgoing: Outgoing }, Verdict, State>) => Exported}
 */
export const checker = world("outgoing", Outgoing, Verdict);
