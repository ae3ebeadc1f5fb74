import assert from "node:assert/strict";
import { test } from "node:test";
import * as testing from "@posthouse/sdk/testing";
import { notify } from "../src/plugin.js";

test("a notification becomes one request", () => {
  const sent = [];
  testing.host({ secrets: { hook: "s3cret" }, http: (request) => (sent.push(request), { status: 200 }) });
  const { answer, failure } = testing.run(notify, testing.notification({ urgency: "urgent" }));
  assert.equal(failure, null);
  assert.equal(answer.receipt, "n-1");
  assert.equal(sent[0].url, "https://hooks.example.com/s3cret");
  assert.match(JSON.parse(sent[0].body).text, /^🔴 A new ticket\nWhere is my order\?/);
});

test("a platform that is busy is asked again later", () => {
  testing.host({ secrets: { hook: "s3cret" }, http: () => ({ status: 429, headers: { "Retry-After": "30" } }) });
  const { answer, failure } = testing.run(notify, testing.notification());
  assert.equal(failure.kind, "temporary");
  assert.equal(answer.retryAfter, 30);
});
