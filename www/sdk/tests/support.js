// What the tests share: the seed's texts, projects with the packed package in them, a file server, a browser.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
export const seed = join(root, "examples/seed");

/** The texts of a folder of manifests. */
export function texts(folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  return names.map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));
}

function needed(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run these tests with \`cargo xtask npm\``);
  return value;
}

/** A folder with these files and the packed package installed, as a user would have it. */
export function project(name, files) {
  const folder = join(dirname(needed("MESH_FAILOVER_TARBALL")), "projects", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name, private: true }));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  const quiet = ["--offline", "--no-audit", "--no-fund", "--no-package-lock", "--silent"];
  run("npm", ["install", ...quiet, needed("MESH_FAILOVER_TARBALL")], folder);
  return folder;
}

/** What a program prints; throws with all that it said when it fails. */
export function run(program, given, cwd) {
  try {
    return execFileSync(program, given, { cwd, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    throw new Error(`${program} ${given.join(" ")}\n${error.stdout}\n${error.stderr}`);
  }
}

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
};

/** Serves a folder on a free port while `use` runs with its address. */
export async function served(folder, use) {
  const server = createServer(async (request, response) => {
    const path = resolve(folder, `.${new URL(request.url, "http://localhost").pathname}`);
    try {
      if (!path.startsWith(folder + sep)) throw new Error("outside");
      const bytes = await readFile(path);
      const type = TYPES[extname(path)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  try {
    return await use(`http://127.0.0.1:${server.address().port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** What the page's program leaves in `globalThis.result`, in a real browser. */
export async function resultOf(url) {
  const browser = await chromium.launch({
    executablePath: needed("MESH_FAILOVER_CHROMIUM"),
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  });
  try {
    const page = await browser.newPage();
    const said = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error)));
    page.on("requestfailed", (request) => said.push(`${request.url()} failed`));
    await page.goto(url);
    const result = page.waitForFunction(() => globalThis.result, undefined, { timeout: 30_000 });
    return await result.then((handle) => handle.jsonValue()).catch((error) => {
      throw new Error(`${error.message}\n${said.join("\n")}`);
    });
  } finally {
    await browser.close();
  }
}
