import assert from "node:assert/strict";
import { test } from "node:test";
import * as testing from "@posthouse/sdk/testing";
import { route } from "../src/plugin.js";

const settings = { queues: { refund: "refunds" }, hours: 8 };

test("the category names the queue, urgent tickets get a nearer deadline", () => {
  const ticket = testing.ticket({ category: "refund", urgency: "urgent" });
  const { answer } = testing.run(route, ticket, { settings, call: { now: 0 } });
  assert.equal(answer.queue, "refunds");
  assert.equal(answer.deadline, 2 * 3600);
});

test("settings that make no sense are refused", () => {
  assert.throws(() => testing.run(route, testing.ticket(), { settings: { hours: 0 } }), /more than 0/);
});
