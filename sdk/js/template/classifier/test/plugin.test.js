import assert from "node:assert/strict";
import { test } from "node:test";
import * as testing from "@posthouse/sdk/testing";
import { classify } from "../src/plugin.js";

test("a word names the category", () => {
  const { answer } = testing.run(classify, testing.message({ body: "Give me a Refund, please" }));
  assert.equal(answer.category, "refund");
  assert.deepEqual(answer.matches[0].span, { part: "body", start: 10, end: 16 });
});

test("mail without any of the words stays unsorted", () => {
  const { answer, failure } = testing.run(classify, testing.message({ body: "Hello" }));
  assert.equal(answer.category, undefined);
  assert.equal(failure, null);
});
