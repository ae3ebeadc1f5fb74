import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { build, WORLDS } from "@posthouse/sdk/build";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A project made of a template, with this SDK installed. */
function project(world) {
  const folder = mkdtempSync(join(tmpdir(), "posthouse-"));
  cpSync(join(root, "template", world), folder, { recursive: true });
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const file = join(folder, name);
    if (statSync(file).isFile()) {
      writeFileSync(file, readFileSync(file, "utf8").replaceAll("{{name}}", "my-plugin").replaceAll("{{sdk}}", root));
    }
  }
  mkdirSync(join(folder, "node_modules/@posthouse"), { recursive: true });
  symlinkSync(root, join(folder, "node_modules/@posthouse/sdk"), "junction");
  return folder;
}

for (const world of Object.keys(WORLDS)) {
  test(`the template of a ${world} passes its own test and is built as its manifest says`, async () => {
    const folder = project(world);
    try {
      const environment = { ...process.env, NODE_TEST_CONTEXT: undefined };
      execFileSync(process.execPath, ["--test", "test/plugin.test.js"], { cwd: folder, env: environment });
      const manifest = readFileSync(join(folder, "plugin.toml"), "utf8");
      const made = await build({ world, entry: join(folder, "src/plugin.js"), out: join(folder, "plugin.wasm") });
      const asked = [...manifest.split("[capabilities]")[1].matchAll(/^(\w+) = /gm)].map(([, name]) => name);
      assert.deepEqual(made.capabilities.sort(), asked.filter((name) => name !== "secrets").sort());
      assert.ok(manifest.includes('id = "example/my-plugin"'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
