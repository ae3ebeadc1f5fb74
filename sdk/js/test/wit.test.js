import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const own = new URL("../wit/", import.meta.url);
const released = new URL("../../../wit/1.0/", import.meta.url);

test("the WIT in this package is the released one", { skip: !existsSync(released) && "outside the repository" }, () => {
  assert.deepEqual(readdirSync(own).sort(), readdirSync(released).sort());
  for (const name of readdirSync(own)) {
    assert.equal(readFileSync(new URL(name, own), "utf8"), readFileSync(new URL(name, released), "utf8"), name);
  }
});
