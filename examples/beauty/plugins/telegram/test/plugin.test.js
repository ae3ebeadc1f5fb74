import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as testing from "@posthouse/sdk/testing";
import { notify } from "../src/plugin.js";

const SETTINGS = JSON.parse(readFileSync(new URL("../fixtures/settings.json", import.meta.url), "utf8"));
const TOKEN = "123456:AA-bb_CC";

/** Calls the plugin with the platform answering each request in turn. */
function told(notification, { answers = [sent(7)], settings = SETTINGS } = {}) {
  const requests = [];
  const log = [];
  const http = (request) => {
    requests.push({ ...request, body: JSON.parse(request.body) });
    return answers[requests.length - 1] ?? { error: "unreachable" };
  };
  testing.host({ secrets: { telegram_token: TOKEN }, http, log });
  return { ...testing.run(notify, testing.notification(notification), { settings }), requests, log };
}

function sent(id, chat = SETTINGS.chat_id) {
  return { json: { ok: true, result: { message_id: id, chat: { id: chat, type: "supergroup" } } } };
}

function refused(code, description, parameters) {
  return { status: code, json: { ok: false, error_code: code, description, ...(parameters && { parameters }) } };
}

test("a notification is one sendMessage with a button", () => {
  const { requests, answer, failure } = told({ urgency: "urgent" });
  assert.equal(failure, null);
  assert.equal(requests.length, 1);
  const [{ method, url, mediaType, body }] = requests;
  assert.equal(`${method} ${url}`, `POST https://api.telegram.org/bot${TOKEN}/sendMessage`);
  assert.match(mediaType, /^application\/json/);
  assert.deepEqual(body, {
    chat_id: -1001234567890,
    text: "<b>🔴 A new ticket</b>\nWhere is my order?\nCustomer: Ann",
    parse_mode: "HTML",
    link_preview_options: { is_disabled: true },
    reply_markup: { inline_keyboard: [[{ text: "审核 / Review", url: "https://desk.example.com/" }]] },
  });
  assert.equal(answer.receipt, "-1001234567890/7");
});

test("what a customer wrote is text, never markup", () => {
  const { requests } = told({ title: `<b>&amp;</b>`, lines: ['<a href="tg://user?id=1">x</a> & "y" <!-- -->'], fields: [{ label: "<i>", value: ">" }] });
  assert.equal(
    requests[0].body.text,
    "<b>&lt;b&gt;&amp;amp;&lt;/b&gt;</b>\n&lt;a href=\"tg://user?id=1\"&gt;x&lt;/a&gt; &amp; \"y\" &lt;!-- --&gt;\n&lt;i&gt;: &gt;",
  );
});

test("long text is cut between characters, and the whole never exceeds what the platform takes", () => {
  const emoji = "😀".repeat(3000);
  const { requests } = told({ title: "t".repeat(5000), lines: Array(9).fill(emoji), fields: [{ label: "l", value: "&".repeat(999) }] });
  const plain = requests[0].body.text.replaceAll(/<\/?b>/g, "").replaceAll("&amp;", "&");
  assert.ok(plain.length <= 4096, `${plain.length}`);
  assert.ok(plain.length > 3900, `${plain.length}`);
  assert.ok(plain.isWellFormed?.() ?? !/[\ud800-\udbff](?![\udc00-\udfff])/.test(plain));
  assert.match(plain, /^t{999}…\n(😀)+…/);
  const exact = told({ title: "t".repeat(1000), lines: [], fields: [] }).requests[0].body.text;
  assert.equal(exact, `<b>${"t".repeat(1000)}</b>`, "at the edge nothing is cut");
});

test("a desk in a private network is a link in the text, because such a button would refuse the message", () => {
  for (const url of ["http://127.0.0.1:8025/t/a", "http://localhost:8025/", "http://[::1]/", "http://desk/"]) {
    const { requests } = told({ link: { label: "Review", url } });
    assert.equal(requests[0].body.reply_markup, undefined, url);
    assert.ok(requests[0].body.text.endsWith(`\nReview: ${url}`), url);
  }
  assert.equal(told({ link: null }).requests[0].body.reply_markup, undefined);
});

test("the button speaks the group's language unless the settings say otherwise", () => {
  const { requests } = told({ link: { label: "审核", url: "https://desk.example.com/1" } }, { settings: { chat_id: "@care_team", topic: 12 } });
  assert.equal(requests[0].body.reply_markup.inline_keyboard[0][0].text, "审核");
  assert.equal(requests[0].body.chat_id, "@care_team");
  assert.equal(requests[0].body.message_thread_id, 12);
});

test("what is not urgent arrives without a sound, alerts never do", () => {
  const silent = (notification) => told(notification).requests[0].body.disable_notification === true;
  assert.deepEqual(["low", "medium", null, "high", "urgent"].map((urgency) => silent({ urgency })), [true, true, true, false, false]);
  assert.equal(silent({ kind: "alert", urgency: null }), false);
});

test("too many messages: the platform's own pause is kept", () => {
  const busy = refused(429, "Too Many Requests: retry after 35", { retry_after: 35 });
  const { answer, failure } = told({}, { answers: [busy] });
  assert.equal(failure.kind, "temporary");
  assert.match(failure.message, /429: Too Many Requests/);
  assert.equal(answer.retryAfter, 35);
  const long = told({}, { answers: [refused(429, "Too Many Requests", { retry_after: 90_000 })] });
  assert.equal(long.answer.retryAfter, 3600);
});

test("a group that became a supergroup is told under its new number", () => {
  const moved = refused(400, "Bad Request: group chat was upgraded to a supergroup chat", { migrate_to_chat_id: -100777 });
  const { requests, answer, failure, log } = told({}, { answers: [moved, sent(8, -100777)] });
  assert.equal(failure, null);
  assert.deepEqual(requests.map((request) => request.body.chat_id), [-1001234567890, -100777]);
  assert.equal(answer.receipt, "-100777/8");
  assert.match(JSON.stringify(log), /set chat_id to -100777/);
});

test("each refusal says whose it is to mend", () => {
  const of = (...given) => told({}, { answers: [refused(...given)] }).failure;
  assert.deepEqual(of(400, "Bad Request: chat not found"), { kind: "permanent", message: "Telegram said 400: Bad Request: chat not found" });
  assert.match(of(401, "Unauthorized").message, /set the secret telegram_token again/);
  assert.match(of(404, "Not Found").message, /set the secret telegram_token again/);
  assert.match(of(403, "Forbidden: bot was kicked from the supergroup chat").message, /add the bot to the group -1001234567890 again/);
  assert.equal(of(502, "Bad Gateway").kind, "temporary");
});

test("an answer that is not the platform's is no success", () => {
  const proxy = { status: 200, body: "<html>Please sign in</html>" };
  assert.equal(told({}, { answers: [proxy] }).failure.kind, "temporary");
  assert.equal(told({}, { answers: [{ status: 503, body: "" }] }).failure.kind, "temporary");
  assert.equal(told({}, { answers: [{ status: 407, body: "no" }] }).failure.kind, "permanent");
  assert.equal(told({}, { answers: [{ error: "unreachable" }] }).failure.kind, "temporary");
});

test("settings without a group are refused", () => {
  assert.throws(() => told({}, { settings: {} }), /`chat_id` is missing/);
});
