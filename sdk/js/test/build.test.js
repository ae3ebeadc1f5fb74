import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { build } from "@posthouse/sdk/build";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Builds a source beside these tests, where `@posthouse/sdk` is found. */
async function built(world, source) {
  const folder = await mkdtemp(join(here, "tmp-"));
  try {
    const entry = join(folder, "plugin.ts");
    await writeFile(entry, source);
    return await build({ world, entry, out: join(folder, "plugin.wasm") });
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("a component asks for what its code uses, and for nothing else", async () => {
  const source = `import { router, store } from "@posthouse/sdk";
    export const route = router({ run({ ticket }, out) { out.setQueue(store.get("queue") ?? ticket.subject as string); } });`;
  const { capabilities, bytes } = await built("router", source);
  assert.deepEqual(capabilities, ["store"]);
  assert.ok(bytes > 1e6 && bytes < 2e7);
});

test("mistakes are named", async () => {
  await assert.rejects(built("router", "export const x = 1;"), /must `export const route = router/);
  await assert.rejects(built("ruter", ""), /unknown world `ruter`: one of classifier, router/);
  await assert.rejects(built("router", 'import fs from "node:fs"; export const route = fs;'), /node:fs does not exist in a plugin/);
  await assert.rejects(built("router", "export const route = ;"), /plugin\.ts:1: Unexpected/);
});
