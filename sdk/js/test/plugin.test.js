import assert from "node:assert/strict";
import { test } from "node:test";
import * as sdk from "@posthouse/sdk";
import * as testing from "@posthouse/sdk/testing";

test("a classifier reads a message and answers", () => {
  const classify = sdk.classifier({
    configure: ({ word }) => ({ word: word ?? "refund" }),
    run({ message, call, state }, out) {
      const span = sdk.spanOf("body", new RegExp(state.word).exec(message.body));
      if (span) out.setCategory("refund", 0.9);
      out.addRisk("money", `${message.from.address} ${message.header("X-A").join()} ${call.now}`, span);
      out.addEvidence(`${message.attachments[0].size} ${message.replyTo}`);
    },
  });
  const message = testing.message({ body: "Où refund", headers: { "x-a": ["1", "2"] }, attachments: [{ size: 7 }] });
  const { answer, failure } = testing.run(classify, message);
  assert.equal(failure, null);
  assert.deepEqual(answer, {
    category: "refund",
    confidence: { category: 0.9 },
    risks: [{ kind: "money", reason: "ann@example.com 1,2 1774745999", span: { part: "body", start: 4, end: 10 } }],
    evidence: ["7 null"],
  });
});

test("what is thrown becomes a failure, and a refusal of settings says why", () => {
  const thrown = (error) =>
    testing.run(sdk.router({ run() { throw error; } }), testing.ticket()).failure; // prettier-ignore
  assert.deepEqual(thrown(new sdk.TemporaryFailure("later")), { kind: "temporary", message: "later" });
  assert.deepEqual(thrown(new sdk.PermanentFailure("never")), { kind: "permanent", message: "never" });
  assert.deepEqual(thrown(new TypeError("x")), { kind: "permanent", message: "TypeError: x" });
  assert.equal(thrown(new sdk.HostError("http", "unreachable")).kind, "temporary");
  const choosy = sdk.router({ configure() { throw new Error("`queue` is missing"); }, run() {} }); // prettier-ignore
  assert.throws(() => testing.run(choosy, testing.ticket()), /`queue` is missing/);
  const late = sdk.router({ async run() {} });
  assert.match(testing.run(late, testing.ticket()).failure.message, /must not be async/);
});

test("drafts and orders are made one by one, and refused beyond the limit", () => {
  const draft = sdk.drafter({
    run({ ticket }, out) {
      const first = out.add(`#${ticket.number} ${ticket.latest.subject} ${ticket.recent(5).length}`);
      first.setModelWritten();
      first.addQuestion("photo", "?");
      out.add("b");
      out.add("c");
      assert.throws(() => out.add("d"), RangeError);
    },
  });
  const { answer } = testing.run(draft, testing.ticket());
  assert.deepEqual(answer.drafts[0], {
    body: "#1042 Where is my order? 1",
    modelWritten: true,
    questions: [{ key: "photo", question: "?" }],
  });
  assert.equal(answer.drafts.length, 3);
});

test("a request reaches the test with secrets and signatures filled in", () => {
  const host = testing.host({
    secrets: { token: "a/b", sign: "Jefe" },
    http: (request) => {
      host.sent = request;
      return { status: 429, headers: { "Retry-After": "30" }, body: "slow down" };
    },
    log: [],
  });
  const { secret, text, url } = sdk;
  const notify = sdk.notifier({
    run({ notification }, out) {
      const answer = sdk.http.request({
        method: "POST",
        url: url`https://api.example.com/${secret("token")}/send?q=${"a b"}`,
        headers: { Authorization: text`Bearer ${secret("token")}` },
        json: {
          title: notification.title,
          sign: sdk.hmacSha256({ key: secret("sign"), message: "what do ya want for nothing?" }),
        },
      });
      sdk.log.info("status", answer.status);
      sdk.expectDelivered(answer, out);
    },
  });
  const { answer, failure } = testing.run(notify, testing.notification({ title: '"A"' }));
  assert.deepEqual(failure, { kind: "temporary", message: "HTTP 429: slow down" });
  assert.equal(answer.retryAfter, 30);
  assert.equal(host.sent.url, "https://api.example.com/a%2Fb/send?q=a%20b");
  assert.equal(host.sent.headers.authorization, "Bearer a/b");
  // RFC 4231, test case 2
  const digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  assert.equal(host.sent.body, `{"title":"\\"A\\"","sign":"${digest}"}`);
  assert.deepEqual(host.log, [{ level: "info", text: "status 429" }]);
});

test("store, model and knowledge", () => {
  const host = testing.host({ store: new Map(), articles: [{ id: "a", title: "Returns", text: "…" }] });
  const enrich = sdk.enricher({
    run(_, out) {
      sdk.store.setJson("seen/1", { n: 1 });
      sdk.store.set("other", "x");
      out.addEvidence(JSON.stringify([sdk.store.getJson("seen/1"), sdk.store.keys({ prefix: "seen/" }), sdk.store.get("no")]));
      out.addEvidence(sdk.knowledge.search("return")[0].title);
      out.addOrder("7").setTotal(sdk.money("49.90", "EUR"));
      sdk.model.complete({ instructions: "x" });
    },
  });
  const { answer, failure } = testing.run(enrich, testing.ticket());
  assert.deepEqual(answer.evidence, ['[{"n":1},["seen/1"],null]', "Returns"]);
  assert.deepEqual(answer.orders, [{ number: "7", total: { units: 4990, scale: 2, currency: "EUR" } }]);
  assert.deepEqual(failure, { kind: "permanent", message: "model: not-configured" });
  assert.deepEqual([...host.store.keys()], ["seen/1", "other"]);
});
