/**
 * Says what a mail is about: `export const classify = classifier({ run({ message, call, state }, out) { … } })`.
 * @type {<State = any>(plugin: Plugin<{ message: Message }, Triage, State>) => Exported}
 */
export const classifier: <State = any>(plugin: Plugin<{
    message: Message;
}, Triage, State>) => Exported;
/**
 * Says who should handle a ticket, by when, and who is told: `export const route = router({ run({ ticket, call, state }, out) { … } })`.
 * @type {<State = any>(plugin: Plugin<{ ticket: Ticket }, Route, State>) => Exported}
 */
export const router: <State = any>(plugin: Plugin<{
    ticket: Ticket;
}, Route, State>) => Exported;
/**
 * Proposes replies: `export const draft = drafter({ run({ ticket, call, state }, out) { … } })`.
 * @type {<State = any>(plugin: Plugin<{ ticket: Ticket }, Drafts, State>) => Exported}
 */
export const drafter: <State = any>(plugin: Plugin<{
    ticket: Ticket;
}, Drafts, State>) => Exported;
/**
 * Tells a chat group: `export const notify = notifier({ run({ notification, call, state }, out) { … } })`.
 * @type {<State = any>(plugin: Plugin<{ notification: Notification }, Delivery, State>) => Exported}
 */
export const notifier: <State = any>(plugin: Plugin<{
    notification: Notification;
}, Delivery, State>) => Exported;
/**
 * Fetches what the client's own systems know: `export const enrich = enricher({ run({ ticket, call, state }, out) { … } })`.
 * @type {<State = any>(plugin: Plugin<{ ticket: Ticket }, Enrichment, State>) => Exported}
 */
export const enricher: <State = any>(plugin: Plugin<{
    ticket: Ticket;
}, Enrichment, State>) => Exported;
/**
 * Looks at a reply before it goes out: `export const check = checker({ run({ outgoing, call, state }, out) { … } })`.
 * @type {<State = any>(plugin: Plugin<{ outgoing: Outgoing }, Verdict, State>) => Exported}
 */
export const checker: <State = any>(plugin: Plugin<{
    outgoing: Outgoing;
}, Verdict, State>) => Exported;
/**
 * A plugin.
 */
export type Plugin<Input, Out, State> = {
    /**
     * Called once, at activation, with the tenant's settings (parsed JSON, `{}` when
     * empty). No host function may be called in it. What it returns is `state` for every call; not given, `state` is
     * the settings. What it throws refuses the settings, with its message for the person who wrote them.
     */
    configure?: ((settings: any) => State) | undefined;
    /**
     * One call. It starts from the memory
     * that `configure` left: nothing is carried from one call to the next. What it throws ends the call as a failure: see
     * `TemporaryFailure`, `PermanentFailure`, `HostError`; any other error is permanent.
     */
    run: (given: Input & {
        call: Call;
        state: State;
    }, out: Out) => void;
};
/**
 * What the component exports.
 */
export type Exported = {
    configure(settings: string): void;
    run(call: any, view: any, out: any): void;
};
import { Message } from "./views.js";
import { Triage } from "./answers.js";
import { Ticket } from "./views.js";
import { Route } from "./answers.js";
import { Drafts } from "./answers.js";
import { Notification } from "./views.js";
import { Delivery } from "./answers.js";
import { Enrichment } from "./answers.js";
import { Outgoing } from "./views.js";
import { Verdict } from "./answers.js";
import { Call } from "./views.js";
