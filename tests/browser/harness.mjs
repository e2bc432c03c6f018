// A real Chromium on the built page, served from a folder under a path of its own.
import { createReadStream, existsSync, mkdirSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What the workspace of the page has installed. */
export const installed = createRequire(join(ROOT, "www/package.json"));
export const DIST = process.env.MESH_FAILOVER_SITE ?? join(ROOT, "www/playground/dist");
export const SCREENSHOTS = join(ROOT, "target/screenshots");
/** Not the server's root: the page must work anywhere. */
export const BASE = "/some/where/";
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".webmanifest": "application/manifest+json", ".json": "application/json" };

export async function serve(folder = DIST) {
  if (!existsSync(join(folder, "index.html"))) throw new Error(`the page is not built: ${folder} has no index.html; run \`cargo xtask www\``);
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    if (!path.startsWith(BASE)) return void response.writeHead(404).end();
    const inside = normalize(path.slice(BASE.length)) === "." ? "index.html" : normalize(path.slice(BASE.length));
    const file = join(folder, inside);
    if (!file.startsWith(folder) || !existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}${BASE}`, close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }) };
}

export async function launch() {
  const executablePath = process.env.MESH_FAILOVER_CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) throw new Error(`${executablePath} is not there: install Debian's package chromium, or set MESH_FAILOVER_CHROMIUM`);
  const { chromium } = installed("playwright-core");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
}

/** A page of its own, with what it complained about and whom it called; `without` what it cannot fetch, `module` makes another of the core's. */
export async function open(browser, url, { width = 1440, height = 900, dark = false, reducedMotion = "no-preference", hash = "", query = "", touch = false, scale = 1, forcedColors = "none", without, module } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? "dark" : "light", reducedMotion, forcedColors, hasTouch: touch, deviceScaleFactor: scale });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  // A busy machine is slow, not wrong.
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints = [];
  const foreign = [];
  page.on("console", (message) => { if (message.type() === "error" || message.type() === "warning") complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => { if (!request.url().startsWith(url) && !request.url().startsWith("blob:") && !request.url().startsWith("data:")) foreign.push(request.url()); });
  if (without) await page.route(without, (route) => route.abort());
  if (module) await page.route("**/mesh-failover-*.wasm", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: module(await response.body()) });
  });
  await page.goto(url + query + hash);
  return Object.assign(page, { complaints, foreign, done: () => context.close() });
}

/** Until a run is on the page. */
export async function played(page) {
  await page.locator("[data-testid=map] .band").first().waitFor();
}

export async function pause(page) {
  const button = page.locator("[data-testid=play]").first();
  if ((await button.getAttribute("aria-label")) === "Pause") await button.click();
}

/** Puts the playhead at a moment with the keys, as a person would. */
export async function seek(page, seconds) {
  await pause(page);
  await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
  await page.keyboard.press("Home");
  for (let second = 0; second < Math.floor(seconds); second++) await page.keyboard.press("Shift+ArrowRight");
  for (let tenth = 0; tenth < Math.round((seconds % 1) * 10); tenth++) await page.keyboard.press("ArrowRight");
}

export async function screenshot(page, name) {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}
