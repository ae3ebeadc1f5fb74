#!/usr/bin/env node
// Builds a plugin: source → one module (esbuild) → a component.
//
//   posthouse-build --world notifier --entry src/plugin.js --out plugin.wasm
import { mkdir, readdir, readFile, rm, writeFile, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { componentize } from "@bytecodealliance/componentize-js";
import { build as bundle } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const PACKAGE = "posthouse:plugin/";

/** What each world exports. */
export const WORLDS = {
  classifier: "classify",
  router: "route",
  drafter: "draft",
  notifier: "notify",
  enricher: "enrich",
  checker: "check",
};
/** What a plugin may import. */
export const CAPABILITIES = ["log", "http", "model", "knowledge", "store"];

/**
 * Builds a component. It imports only what the code uses: a plugin that never sends a request does not ask for `http`.
 * @param {object} options
 * @param {string} options.world "classifier", "router", "drafter", "notifier", "enricher" or "checker"
 * @param {string} options.entry the module that exports the plugin: JavaScript or TypeScript
 * @param {string} options.out where the component goes
 * @param {boolean} [options.minify] removes what only people read from the source; true when not given
 * @returns {Promise<{ bytes: number, capabilities: string[], seconds: number }>} of the component
 * @throws {Error} says what is wrong with the source
 */
export async function build({ world, entry, out, minify = true }) {
  const began = performance.now();
  const exported = WORLDS[world];
  if (!exported) throw new Error(`unknown world \`${world}\`: one of ${Object.keys(WORLDS).join(", ")}`);
  const { source, capabilities } = await bundled(resolve(entry), minify);
  if (!source.exports.includes(exported)) {
    throw new Error(`${entry} must \`export const ${exported} = ${world}({ … })\`; it exports ${source.exports.join(", ") || "nothing"}`);
  }
  const folder = await mkdtemp(join(tmpdir(), "posthouse-"));
  try {
    const wit = await narrowed(folder, exported, capabilities);
    const component = await componentized(source.text, wit, folder);
    await mkdir(dirname(resolve(out)), { recursive: true });
    await writeFile(out, component);
    return { bytes: component.length, capabilities, seconds: (performance.now() - began) / 1000 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The source as one module, and the capabilities that are left in it. */
async function bundled(entry, minify) {
  const result = await bundle({
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["posthouse", "import"],
    treeShaking: true,
    minify,
    keepNames: minify,
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
    plugins: [hostInterfaces()],
  }).catch((failed) => {
    const where = (at) => (at ? `${at.file}:${at.line}: ` : "");
    throw new Error((failed.errors ?? [failed]).map((e) => `${where(e.location)}${e.text ?? e.message}`).join("\n"));
  });
  const [output] = Object.values(result.metafile.outputs);
  const imported = output.imports.map(({ path }) => path.slice(PACKAGE.length).split("@")[0]);
  const capabilities = CAPABILITIES.filter((name) => imported.includes(name));
  return { source: { text: result.outputFiles[0].text, exports: output.exports }, capabilities };
}

/** Leaves the host's interfaces outside; one that nothing calls is dropped. */
function hostInterfaces() {
  return {
    name: "posthouse",
    setup(build) {
      build.onResolve({ filter: /^posthouse:plugin\// }, ({ path }) => ({ path, external: true, sideEffects: false }));
      build.onResolve({ filter: /^node:/ }, ({ path }) => ({
        errors: [{ text: `${path} does not exist in a plugin: no files, sockets, clock or randomness` }],
      }));
    },
  };
}

/** The WIT with a world that imports only these capabilities. */
async function narrowed(folder, exported, capabilities) {
  const wit = join(folder, "wit");
  await mkdir(wit);
  for (const name of await readdir(join(HERE, "wit"))) {
    if (name !== "worlds.wit") await writeFile(join(wit, name), await readFile(join(HERE, "wit", name)));
  }
  const imports = capabilities.map((name) => `  import ${name};\n`).join("");
  await writeFile(join(wit, "worlds.wit"), `world built {\n${imports}  export ${exported};\n}\n`);
  return wit;
}

/** The module and a JavaScript engine as a component, with nothing of WASI in it. */
async function componentized(source, wit, folder) {
  const sourcePath = join(folder, "plugin.js");
  await writeFile(sourcePath, source);
  const disableFeatures = ["random", "stdio", "clocks", "http", "fetch-event"];
  return (await componentize({ sourcePath, witPath: wit, worldName: "built", disableFeatures })).component;
}

const USAGE = `posthouse-build --world WORLD --entry FILE --out FILE [--no-minify]
  worlds: ${Object.keys(WORLDS).join(", ")}`;

async function main() {
  const { values } = parseArgs({
    options: {
      world: { type: "string" },
      entry: { type: "string" },
      out: { type: "string" },
      "no-minify": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { world, entry, out } = values;
  if (values.help || !world || !entry || !out) {
    console.error(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const made = await build({ world, entry, out, minify: !values["no-minify"] });
  const asks = made.capabilities.join(", ") || "nothing";
  console.log(`${out}: ${(made.bytes / 1e6).toFixed(1)} MB in ${made.seconds.toFixed(1)} s; it asks for ${asks}`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(await realpath(process.argv[1])).href) {
  main().catch((error) => {
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  });
}

async function realpath(path) {
  const fs = await import("node:fs/promises");
  return fs.realpath(path).catch(() => path);
}
