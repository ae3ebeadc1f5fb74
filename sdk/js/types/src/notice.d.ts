/**
 * How loud a notice is: what a card's colour says.
 * @param {import("./views.js").Notification} notification
 * @returns {"calm" | "good" | "caution" | "alarm"}
 */
export function toneOf({ kind, urgency }: import("./views.js").Notification): "calm" | "good" | "caution" | "alarm";
/**
 * Ends the call unless the answer's status says that the notice was taken: 408, 425, 429 and 5xx are worth another
 * try (after `Retry-After`), other statuses are not.
 * @param {import("./http.js").Answer} answer
 * @param {import("./answers.js").Delivery} out
 * @throws {TemporaryFailure | PermanentFailure}
 */
export function expectDelivered(answer: import("./http.js").Answer, out: import("./answers.js").Delivery): void;
