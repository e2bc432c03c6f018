// The packed tarball where people will use it, installed as they would install it.
import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { build } from "vite";
import webpack from "webpack";
import { project, resultOf, root, run, seed, served, texts } from "./support.js";

const FILES = `const files = ${JSON.stringify(texts(seed))};\n`;
const SIMULATED = '{"passed":true,"same":true}';

// Local and in a worker; what came out is left where a test finds it.
const PROGRAM = `
import { init, simulate } from "mesh-failover";
import { connect } from "mesh-failover/worker-client";
${FILES}
async function main() {
  await init();
  const local = simulate({ files });
  const mesh = await connect();
  const remote = await mesh.simulate({ files });
  mesh.terminate();
  return { passed: local.passed, same: JSON.stringify(local) === JSON.stringify(remote) };
}
`;
const IN_NODE = `${PROGRAM}\nconsole.log(JSON.stringify(await main()));\n`;
const IN_PAGE = `${PROGRAM}\nmain().then((it) => { globalThis.result = JSON.stringify(it); });\n`;
const PAGE = '<!doctype html><script type="module" src="./main.js"></script>';

/** The files below a folder, by their paths. */
function below(folder) {
  return readdirSync(folder, { recursive: true }).map(String);
}

test("Node, ES modules", () => {
  const folder = project("node-esm", { "main.mjs": IN_NODE });
  assert.equal(run("node", ["main.mjs"], folder).trim(), SIMULATED);
});

test("Node, CommonJS", () => {
  const main = `${FILES}
import("mesh-failover").then(async ({ init, simulate }) => {
  await init();
  console.log(simulate({ files }).passed);
});
`;
  const folder = project("node-cjs", { "main.cjs": main });
  assert.equal(run("node", ["main.cjs"], folder).trim(), "true");
});

test("Node, slim, with bytes and with a compiled module", () => {
  const main = `
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { init, version } from "mesh-failover/slim";
const path = createRequire(import.meta.url).resolve("mesh-failover/mesh-failover.wasm");
try { version() } catch (error) { console.log(error.code) }
await init(process.argv[2] ? new WebAssembly.Module(readFileSync(path)) : readFileSync(path));
console.log(version().apiVersion);
`;
  const folder = project("slim", { "main.mjs": main });
  for (const given of [[], ["module"]]) {
    const said = run("node", ["main.mjs", ...given], folder).trim().split("\n");
    assert.deepEqual(said, ["MF0950", "mesh-failover.dev/v1alpha1"]);
  }
});

test("Vite", async () => {
  const folder = project("vite", { "main.js": IN_PAGE, "index.html": PAGE });
  await build({ root: folder, base: "./", logLevel: "error" });
  const modules = below(join(folder, "dist")).filter((path) => path.endsWith(".wasm"));
  assert.equal(modules.length, 1, `the module is shipped once: ${modules}`);
  assert.equal(await served(join(folder, "dist"), (url) => resultOf(`${url}index.html`)), SIMULATED);
});

test("webpack", async () => {
  const folder = project("webpack", { "main.js": IN_PAGE, "index.html": PAGE });
  const output = { path: join(folder, "dist"), filename: "main.js" };
  const options = { mode: "production", context: folder, entry: "./main.js", output };
  const stats = await new Promise((done, fail) => {
    webpack(options, (error, stats) => (error ? fail(error) : done(stats)));
  });
  assert.ok(!stats.hasErrors(), stats.toString());
  const modules = below(output.path).filter((path) => path.endsWith(".wasm"));
  assert.equal(modules.length, 1, `the module is shipped once: ${modules}`);
  cpSync(join(folder, "index.html"), join(output.path, "index.html"));
  assert.equal(await served(output.path, (url) => resultOf(`${url}index.html`)), SIMULATED);
});

test("a plain page", async () => {
  const imports = {
    "mesh-failover": "./node_modules/mesh-failover/dist/index.js",
    "mesh-failover/worker-client": "./node_modules/mesh-failover/dist/worker-client.js",
  };
  const html = `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script>${PAGE}`;
  const folder = project("page", { "main.js": IN_PAGE, "index.html": html });
  assert.equal(await served(folder, (url) => resultOf(`${url}index.html`)), SIMULATED);
});

test("the README's example prints what the README says", () => {
  const readme = readFileSync(join(root, "www/sdk/README.md"), "utf8");
  const block = (language) => new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, "m").exec(readme)?.[1];
  const folder = project("readme", { "main.mjs": block("js") });
  cpSync(seed, folder, { recursive: true });
  assert.equal(run("node", ["main.mjs"], folder), block("text"));
});

test("the types hold for those who use them, by either way of finding modules", () => {
  const main = `
import { init, simulate, Simulation, MeshFailoverError, type SimulateAnswer } from "mesh-failover";
import { connect, type Client } from "mesh-failover/worker-client";
await init();
const answer: SimulateAnswer = simulate({ files: [{ name: "a", text: "" }] });
const share: number | undefined = answer.phases[0]?.regions["a"]?.share;
const weights: Float64Array | undefined = new Simulation({ files: [] }).frames().regions.get("a")?.weight;
const client: Client = await connect();
const later: Promise<SimulateAnswer> = client.simulate({ files: [] });
const lines: number[] = new MeshFailoverError({ code: "", message: "", diagnostics: [] }).positions.map((it) => it.line);
// @ts-expect-error: a request without files
simulate({});
// @ts-expect-error: a field that does not exist
simulate({ files: [], sede: 1 });
export { share, weights, later, lines };
`;
  const folder = project("types", { "main.mts": main });
  const require = createRequire(import.meta.url);
  const tsc = join(dirname(require.resolve("typescript/package.json")), "bin/tsc");
  for (const given of [["nodenext", "nodenext"], ["esnext", "bundler"]]) {
    const [module, moduleResolution] = given;
    const options = ["--strict", "--noEmit", "--target", "es2022", "--types", ""];
    const how = ["--module", module, "--moduleResolution", moduleResolution];
    run("node", [tsc, ...options, ...how, "main.mts"], folder);
  }
});

test("publint has nothing to say", async () => {
  const { messages, pkg } = await publint({ pkgDir: join(root, "www/sdk"), strict: true });
  assert.deepEqual(messages.map((message) => formatMessage(message, pkg)), []);
});

test("the licence is in it, and nothing that is not needed", () => {
  const folder = project("contents", {});
  const inside = below(join(folder, "node_modules/mesh-failover"));
  for (const name of ["LICENSE", "README.md", "package.json"]) assert.ok(inside.includes(name), name);
  const unwanted = inside.filter((path) => /^(src|tests|scripts)|\.tsbuildinfo$/.test(path));
  assert.deepEqual(unwanted, []);
});
