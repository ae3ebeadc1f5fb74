import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as testing from "@posthouse/sdk/testing";
import { enrich } from "../src/plugin.js";

const ORDER = {
  number: "YZ-204517",
  status: "shipped",
  placed_on: "2026-11-02",
  total: { amount: "39.90", currency: "EUR" },
  country: "PT",
  customer: { name: "Marta Silva", email: "Marta.Silva@example.com" },
  shipment: { number: "LX604182733CN", carrier: "China Post" },
  items: [{ name: "Rose serum 30 ml" }, { name: "Clay mask" }],
};
const SHIPMENT = { number: "LX604182733CN", status: "in customs", last_seen: { place: "Lisboa", on: "2026-11-15" } };
const BATCH = { number: "L26C07", product: "Rose serum 30 ml", best_before: "2028-03-31", recall: null };

/** A host whose API answers from a table of paths; what is not in it is unknown. */
function api(table) {
  const asked = [];
  const log = [];
  const http = (request) => {
    asked.push(request);
    const answer = table[request.url.replace("https://api.yunzhi.example", "")];
    return answer === undefined ? { status: 404, json: { error: "not found" } } : answer;
  };
  testing.host({ secrets: { order_api_key: "k-1" }, http, log });
  return asked;
}

const marta = { name: "Marta", address: "marta.silva@example.com" };
const entity = (kind, value) => ({ kind, value });
const ran = (given, call = {}) => testing.run(enrich, testing.ticket({ customer: marta, ...given }), { call });

test("order, shipment and batch are looked up with the key and reported", () => {
  const asked = api({
    "/v1/orders/YZ-204517": { json: ORDER },
    "/v1/shipments/LX604182733CN": { json: SHIPMENT },
    "/v1/batches/L26C07": { json: BATCH },
  });
  const entities = [entity("order-number", "YZ-204517"), entity("sku", "YS-110"), entity("sku", "l26c07")];
  const { answer, failure } = ran({ entities });
  assert.equal(failure, null);
  assert.deepEqual(asked.map((request) => `${request.method} ${request.url}`), [
    "GET https://api.yunzhi.example/v1/orders/YZ-204517",
    "GET https://api.yunzhi.example/v1/shipments/LX604182733CN",
    "GET https://api.yunzhi.example/v1/batches/L26C07",
  ]);
  assert.deepEqual(asked[0].headers, { authorization: "Bearer k-1", accept: "application/json" });
  assert.deepEqual(answer.orders, [
    {
      number: "YZ-204517",
      status: "shipped",
      placedOn: { year: 2026, month: 11, day: 2 },
      total: { units: 3990, scale: 2, currency: "EUR" },
      country: "PT",
      trackingNumber: "LX604182733CN",
      carrier: "China Post",
    },
  ]);
  assert.equal(answer.customerName, "Marta Silva");
  assert.deepEqual(answer.facts, [
    { key: "order_items", label: "Ordered", value: "Rose serum 30 ml, Clay mask" },
    { key: "shipment", label: "Shipment LX604182733CN", value: "in customs · last seen: Lisboa, 2026-11-15" },
    { key: "batch.L26C07", label: "Batch L26C07", value: "Rose serum 30 ml · best before 2028-03-31" },
  ]);
  assert.equal(answer.tags, undefined);
});

test("without a number the customer's newest orders are asked for", () => {
  const asked = api({ "/v1/orders?email=marta.silva%40example.com&limit=2": { json: { orders: [ORDER] } } });
  const { answer } = ran({});
  assert.equal(answer.orders[0].number, "YZ-204517");
  assert.equal(asked.length, 2, "the list and the parcel");
});

test("what belongs to somebody else is not told", () => {
  const asked = api({ "/v1/orders/YZ-204517": { json: { ...ORDER, customer: { name: "Eva", email: "eva@example.com" } } } });
  const { answer } = ran({ entities: [entity("order-number", "YZ-204517")] });
  assert.deepEqual(answer.tags, ["identity-check"]);
  assert.match(answer.evidence[0], /YZ-204517 belongs to another e-mail address/);
  assert.equal(JSON.stringify(answer).includes("Eva") || JSON.stringify(answer).includes("LX6"), false);
  assert.equal(asked.length, 1, "its parcel is not asked for either");
});

test("a recalled batch is a tag and a reason", () => {
  const recall = { since: "2026-10-01", reason: "原料标签错误" };
  api({ "/v1/batches/L26C07": { json: { ...BATCH, recall } } });
  const { answer } = ran({ entities: [entity("sku", "L26C07")] }, { agentLanguage: "zh-CN" });
  assert.deepEqual(answer.tags, ["recall"]);
  assert.equal(answer.facts[0].value, "Rose serum 30 ml · 保质期至 2028-03-31 · 已召回：原料标签错误");
  assert.deepEqual(answer.evidence, ["L26C07: 已召回：原料标签错误"]);
});

test("what the shop does not know is said", () => {
  api({});
  const { answer } = ran({ entities: [entity("order-number", "YZ-999999"), entity("sku", "L99A99")] });
  assert.match(answer.evidence[0], /no order YZ-999999/);
  assert.match(answer.evidence[1], /no batch L99A99/);
});

for (const [what, first] of [
  ["is not reachable", { error: "unreachable" }],
  ["fails", { status: 503 }],
  ["is busy", { status: 429 }],
  ["answers with a page", { body: "<html>Maintenance</html>" }],
  ["answers with too much", { error: "too-large" }],
]) {
  test(`an API that ${what} is told, and asked once only`, () => {
    const asked = api({ "/v1/orders/YZ-204517": first, "/v1/batches/L26C07": { json: BATCH } });
    const { answer, failure } = ran({ entities: [entity("order-number", "YZ-204517"), entity("sku", "L26C07")] });
    assert.equal(failure, null);
    assert.equal(asked.length, 1);
    assert.deepEqual(answer.tags, ["order-data-missing"]);
    assert.deepEqual(answer.facts, [
      { key: "order_system", label: "Order system", value: "not reachable: look the order up by hand" },
    ]);
    assert.match(answer.evidence[0], /gave no answer/);
  });
}

test("a key that is refused is the operator's to mend, and names the secret", () => {
  for (const status of [401, 403]) {
    api({ "/v1/orders/YZ-204517": { status } });
    const { failure } = ran({ entities: [entity("order-number", "YZ-204517")] });
    assert.equal(failure.kind, "permanent");
    assert.match(failure.message, /refuses the key \(HTTP 40[13]\): set the secret order_api_key again/);
  }
});

test("a request that was not granted is no API that is away", () => {
  api({ "/v1/orders/YZ-204517": { error: "denied" } });
  assert.equal(ran({ entities: [entity("order-number", "YZ-204517")] }).failure.kind, "permanent");
});

test("fields of a wrong form are left out, and nothing fails", () => {
  const odd = {
    number: "YZ-204517", status: 7, placed_on: "soon", total: { amount: "much", currency: "EUR" }, country: "Portugal",
    customer: { email: "marta.silva@example.com", name: { first: "M" } }, shipment: "LX", items: [null, "x", { name: "  Rose\n serum " }],
  };
  api({ "/v1/orders/YZ-204517": { json: odd } });
  const { answer, failure } = ran({ entities: [entity("order-number", "YZ-204517")] });
  assert.equal(failure, null);
  assert.deepEqual(answer.orders, [{ number: "YZ-204517" }]);
  assert.equal(answer.facts[0].value, "Rose serum");
});

test("a number is no part of the path, and at most two of each are asked for", () => {
  const asked = api({});
  const numbers = ["../batches/L26C07?x=", "YZ-2", "YZ-3"].map((value) => entity("order-number", value));
  ran({ entities: numbers });
  assert.deepEqual(asked.map((request) => request.url.slice("https://api.yunzhi.example".length)), [
    "/v1/orders/..%2Fbatches%2FL26C07%3Fx%3D",
    "/v1/orders/YZ-2",
  ]);
});

test("the manifest asks for what the settings need", () => {
  const manifest = readFileSync(new URL("../plugin.toml", import.meta.url), "utf8");
  assert.match(manifest, /host = "api\.yunzhi\.example", methods = \["GET"\]/);
  assert.match(manifest, /order_api_key = \["api\.yunzhi\.example"\]/);
});
