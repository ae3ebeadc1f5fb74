import assert from "node:assert/strict";
import { test } from "node:test";
import { clip, day, decodeUtf8, encodeUtf8, formatDay, formatMoney, json, money, secret, spanIn, text, utf8Length } from "@posthouse/sdk";

test("UTF-8 is that of the platform", () => {
  for (const sample of ["", "abc", "Grüße", "你好", "😀 x", "a\ud800b", "\u{10ffff}"]) {
    const bytes = new TextEncoder().encode(sample);
    assert.deepEqual(encodeUtf8(sample), bytes);
    assert.equal(utf8Length(sample), bytes.length);
    assert.equal(decodeUtf8(bytes), new TextDecoder().decode(bytes));
  }
  for (const bytes of [[0xff], [0xc3], [0xc0, 0x80], [0xe4, 0xbd], [0xf0, 0x9f, 0x98, 0x61], [0xed, 0xa0, 0x80]]) {
    assert.match(decodeUtf8(Uint8Array.from(bytes)), /\ufffd/);
  }
});

test("amounts and days", () => {
  assert.deepEqual(money("-0.05", "EUR"), { units: -5, scale: 2, currency: "EUR" });
  for (const [units, scale, shown] of [[4990, 2, "49.90 EUR"], [-5, 2, "-0.05 EUR"], [7, 0, "7 EUR"]]) {
    assert.equal(formatMoney({ units, scale, currency: "EUR" }), shown);
  }
  assert.throws(() => money("1,5", "EUR"), RangeError);
  assert.equal(formatDay(day("2026-03-01")), "2026-03-01");
  assert.throws(() => day("1 March"), RangeError);
});

test("spans count bytes, clips keep characters whole", () => {
  assert.deepEqual(spanIn("subject", "你好😀x", 2, 4), { part: "subject", start: 6, end: 10 });
  assert.equal(spanIn("body", "abc", 2, 2), null);
  assert.equal(spanIn("body", "abc", 2, 9), null);
  assert.equal(clip("你好世界", 9), "你好…");
  assert.equal(clip("short", 9), "short");
});

test("texts keep secrets apart and write JSON as JSON does", () => {
  assert.equal(String(text`a ${secret("token")} b`), "a {secret} b");
  const value = { a: [1, null, undefined, true], b: undefined, c: "x\"y", d: { e: new Date(0) }, f: 1.5 };
  assert.equal(String(json(value)), JSON.stringify(value));
  assert.deepEqual(json([secret("s")]).pieces[1], { kind: "secret", name: "s", escape: "json" });
});
