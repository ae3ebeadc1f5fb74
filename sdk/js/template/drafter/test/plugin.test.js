import assert from "node:assert/strict";
import { test } from "node:test";
import * as testing from "@posthouse/sdk/testing";
import { draft } from "../src/plugin.js";

test("the best article becomes a reply", () => {
  testing.host({ articles: [{ id: "returns", title: "Returns", text: "You have 30 days." }] });
  const { answer } = testing.run(draft, testing.ticket({ missing: ["order-number"] }));
  const [reply] = answer.drafts;
  assert.equal(reply.body, "Dear Ann,\n\nYou have 30 days.\n\nKind regards\nAcme");
  assert.deepEqual(reply.citations, [{ article: "returns", title: "Returns" }]);
  assert.equal(reply.questions[0].key, "order-number");
});

test("without an article there is no draft", () => {
  testing.host();
  assert.equal(testing.run(draft, testing.ticket()).answer.drafts, undefined);
});
