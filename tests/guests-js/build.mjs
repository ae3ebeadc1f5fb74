// Builds the six guests into a folder: node tests/guests-js/build.mjs OUT
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { build, WORLDS } from "@posthouse/sdk/build";

const [out] = process.argv.slice(2);
if (!out) throw new Error("usage: node build.mjs OUT");
const here = fileURLToPath(new URL(".", import.meta.url));
for (const world of Object.keys(WORLDS)) {
  const made = await build({ world, entry: join(here, world, "plugin.js"), out: join(out, `${world}.wasm`) });
  console.log(`${world}: ${made.bytes} bytes in ${made.seconds.toFixed(1)} s, asks for ${made.capabilities.join(", ") || "nothing"}`);
}
