// Tells a Telegram group by the Bot API's sendMessage: https://core.telegram.org/bots/api#sendmessage
import { clip, http, log, notifier, PermanentFailure, secret, TemporaryFailure, text } from "@posthouse/sdk";
import { messageOf } from "./message.js";

/** Longest wait that the platform may ask for, in seconds. */
const RETRY_MAX = 3600;

export const notify = notifier({
  configure({ chat_id, topic, button, silent_below = "never", token = "telegram_token", base = "https://api.telegram.org" }) {
    if (chat_id === undefined) throw new Error("settings: `chat_id` is missing: the group's number, or @name");
    return { chat: chat_id, settings: { topic, button, silent_below }, token, base };
  },

  run({ notification, state }, out) {
    const message = messageOf(notification, state.settings);
    let told = send(state, state.chat, message);
    const moved = told.parameters?.migrate_to_chat_id;
    if (!told.ok && moved !== undefined) {
      // A group that became a supergroup has a new number, and the old one is dead.
      log.warn(`the group has moved: set chat_id to ${moved}`);
      told = send(state, moved, message);
    }
    if (!told.ok) throw failureOf(told, state, out);
    if (told.result?.message_id !== undefined) out.setReceipt(`${told.result.chat?.id ?? state.chat}/${told.result.message_id}`);
  },
});

/**
 * @param {{ base: string, token: string }} state
 * @param {number | string} chat
 * @param {object} message
 * @returns {any} the platform's answer, with the HTTP status as `error_code` where it says none
 */
function send({ base, token }, chat, message) {
  const answer = http.request({
    method: "POST",
    // The host fills the token in; the plugin never sees it. A token holds a colon, which the path takes as it is.
    url: text`${base}/bot${secret(token, "none")}/sendMessage`,
    json: { chat_id: chat, ...message },
  });
  try {
    const told = answer.json();
    if (typeof told?.ok === "boolean") return { error_code: answer.status, description: "", ...told };
  } catch {
    // No JSON: something between us and the platform answered.
  }
  return { ok: false, error_code: answer.status, description: clip(answer.text().trim(), 200), isForeign: true };
}

/**
 * @param {any} told
 * @param {{ token: string, chat: number | string }} state
 * @param {import("@posthouse/sdk").Delivery} out
 * @returns {Error}
 */
function failureOf(told, { token, chat }, out) {
  const said = `Telegram said ${told.error_code}: ${clip(String(told.description), 300)}`;
  const after = told.parameters?.retry_after;
  if (Number.isFinite(after)) out.setRetryAfter(Math.min(after, RETRY_MAX));
  if (told.error_code === 429 || told.error_code >= 500) return new TemporaryFailure(said);
  // A success without the platform's words comes from a proxy, and proxies pass.
  if (told.isForeign && told.error_code < 400) return new TemporaryFailure(`${said}; this is not the Bot API's answer`);
  if (told.error_code === 401 || told.error_code === 404) {
    return new PermanentFailure(`${said}; the bot's token is wrong: set the secret ${token} again`);
  }
  if (told.error_code === 403) return new PermanentFailure(`${said}; add the bot to the group ${chat} again`);
  return new PermanentFailure(said);
}
