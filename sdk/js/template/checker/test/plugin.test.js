import assert from "node:assert/strict";
import { test } from "node:test";
import * as testing from "@posthouse/sdk/testing";
import { check } from "../src/plugin.js";

test("a forbidden word stops a reply", () => {
  const { answer } = testing.run(check, testing.outgoing({ body: "We Guarantee it." }));
  assert.equal(answer.blocks[0].code, "forbidden-word");
  assert.deepEqual(answer.blocks[0].span, { part: "body", start: 3, end: 12 });
});

test("an automatic reply to a risky ticket needs a person", () => {
  const ticket = testing.ticket({ risks: ["safety"] });
  const { answer } = testing.run(check, testing.outgoing({ isAutomatic: true, ticket }));
  assert.equal(answer.blocks, undefined);
  assert.equal(answer.warnings[0].code, "risk");
});
