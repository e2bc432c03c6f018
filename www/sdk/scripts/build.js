// From src to dist: the compiler for our own files, a copy for what wasm-bindgen wrote.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const package_ = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const from = join(package_, "src/generated");
const to = join(package_, "dist");

rmSync(to, { recursive: true, force: true });
const tsc = join(dirname(require.resolve("typescript/package.json")), "bin/tsc");
execFileSync(process.execPath, [tsc, "-p", package_], { stdio: "inherit" });

mkdirSync(join(to, "generated"), { recursive: true });
cpSync(join(from, "bindings.js"), join(to, "generated/bindings.js"));
cpSync(join(from, "bindings.d.ts"), join(to, "generated/bindings.d.ts"));
for (const module of ["mesh-failover.wasm", "region-router.wasm"]) cpSync(join(from, module), join(to, module));

// The package and the core in it are one version.
const manifest = JSON.parse(readFileSync(join(package_, "package.json"), "utf8"));
const workspace = readFileSync(join(package_, "../../Cargo.toml"), "utf8");
const version = /\[workspace\.package\]\s+version = "([^"]+)"/.exec(workspace)?.[1];
if (manifest.version !== version) {
  throw new Error(`www/sdk/package.json says version ${manifest.version}, Cargo.toml says ${version}`);
}
