import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = (...given) => {
  try {
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...given], { cwd: root, encoding: "utf8" });
  } catch (failed) {
    assert.fail(failed.stdout);
  }
};

test("the types are those of the sources", () => {
  const fresh = mkdtempSync(join(tmpdir(), "types-"));
  try {
    tsc("-p", "tsconfig.json", "--outDir", fresh);
    for (const name of readdirSync(join(fresh, "src"))) {
      const [made, kept] = [fresh, join(root, "types")].map((folder) => readFileSync(join(folder, "src", name), "utf8"));
      assert.equal(kept, made, `${name}: run \`npm run types\``);
    }
  } finally {
    rmSync(fresh, { recursive: true });
  }
});

test("a TypeScript user is told of mistakes", () => {
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext"];
  tsc(...options, "--moduleResolution", "nodenext", "test/types.check.ts");
});
