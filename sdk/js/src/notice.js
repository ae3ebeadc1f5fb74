// Notifiers over an HTTP platform: how loud a notice is, and what the platform's answer means.
import { PermanentFailure, TemporaryFailure } from "./failures.js";
import { clip } from "./values.js";

/**
 * How loud a notice is: what a card's colour says.
 * @param {import("./views.js").Notification} notification
 * @returns {"calm" | "good" | "caution" | "alarm"}
 */
export function toneOf({ kind, urgency }) {
  if (kind === "recovery") return "good";
  if (kind === "alert" || urgency === "urgent") return "alarm";
  return urgency === "high" ? "caution" : "calm";
}

/**
 * Ends the call unless the answer's status says that the notice was taken: 408, 425, 429 and 5xx are worth another
 * try (after `Retry-After`), other statuses are not.
 * @param {import("./http.js").Answer} answer
 * @param {import("./answers.js").Delivery} out
 * @throws {TemporaryFailure | PermanentFailure}
 */
export function expectDelivered(answer, out) {
  if (answer.ok) return;
  const reason = `HTTP ${answer.status}: ${clip(answer.text().trim(), 300)}`;
  if ([408, 425, 429].includes(answer.status) || answer.status >= 500) {
    if (answer.retryAfterSeconds !== null) out.setRetryAfter(answer.retryAfterSeconds);
    throw new TemporaryFailure(reason);
  }
  throw new PermanentFailure(reason);
}
