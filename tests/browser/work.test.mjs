// The user's work: situations, findings and fixes, sharing, undo, and everything that could hurt it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, pause, played, screenshot, seek, serve } from "./harness.mjs";

let site, browser;
before(async () => { site = await serve(); browser = await launch(); });
after(async () => { await browser?.close(); await site?.close(); });

const title = (page) => page.locator("h1").innerText();
const editor = (page) => page.locator(".cm-content");

/** Types into the active file after its last line. */
async function append(page, text) {
  await editor(page).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText(text);
}

test("every situation opens without a complaint and shows what is right or wrong with it", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await page.keyboard.press("g");
  await page.locator(".card").first().waitFor();
  const ids = await page.locator(".card").evaluateAll((cards) => cards.map((card) => ({ id: card.dataset.id, works: card.querySelector(".verdict").getAttribute("aria-label") === "met", code: card.dataset.diagnosis ?? "" })));
  assert.ok(ids.length >= 12, `${ids.length} situations`);
  assert.equal(ids.filter(({ works }) => !works).length >= 5, true);
  for (const { id, works, code } of ids) {
    if (!(await page.locator(".gallery").isVisible())) await page.keyboard.press("g");
    await page.locator(`.card[data-id=${id}]`).click();
    await page.locator(".gallery").waitFor({ state: "detached" });
    if (id === "failback") {
      await page.locator(".arm-head", { hasText: "Router" }).getByText(/\d of \d met/).waitFor();
      await page.keyboard.press("1");
      continue;
    }
    await page.locator("[data-testid=verdict]", { hasText: works ? /(\d+) of \1 expectations? met/ : /failed/ }).waitFor();
    if (code) await page.locator("[data-testid=problems]").getByText(code).first().waitFor();
    await screenshot(page, `situation-${id}`);
  }
  assert.deepEqual(page.complaints, []);
  assert.deepEqual(page.foreign, []);
  await page.done();
});

test("a link carries the whole state, a broken one keeps the work", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await seek(page, 20);
  await page.keyboard.press("d");
  await page.getByRole("button", { name: "Bring europe-west1 back" }).waitFor();
  await seek(page, 30);
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByText("The link contains your manifests. Nothing is uploaded.").waitFor();
  const link = page.getByTestId("link");
  await page.waitForFunction(() => document.querySelector("[data-testid=link]").value.includes("#1."));
  const address = await link.inputValue();
  await page.getByRole("button", { name: "Copy as Markdown" }).click();
  await page.getByText("Markdown copied.").waitFor();
  const markdown = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(markdown, /\| europe-west1 down \| 0 \/ 100 \| 0 \/ 100 \|/);
  await page.done();

  const other = await open(browser, address);
  await played(other);
  await other.getByRole("heading", { name: "us-central1 serves 100%" }).waitFor();
  assert.equal(await other.getByTestId("clock").innerText(), "30.0 s");
  await other.goto(`${site.url}#1.broken!`);
  await other.getByText("This link cannot be read. Your own work is still here.").waitFor();
  assert.equal(await title(other), "us-central1 serves 100%");
  await other.done();
});

test("the work is kept in this browser, and undo goes back to before a situation", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await page.getByRole("tab", { name: "topology" }).click();
  await append(page, "# my own line\n");
  await page.waitForFunction(() => localStorage.getItem("mesh-failover:work")?.includes("my own line"));
  await page.reload();
  await played(page);
  await page.getByRole("tab", { name: "topology" }).click();
  await editor(page).getByText("# my own line").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("h1").click();
  await page.keyboard.press("g");
  await page.locator(".card[data-id=panic]").click();
  await page.getByRole("button", { name: "Panic", exact: true }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("button", { name: "The guide: two regions, 50/50" }).waitFor();
  await page.done();
});

test("while the text is broken, the last valid run stays, with a message; then it runs again", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await pause(page);
  await append(page, "   ]broken: [\n");
  await page.locator(".run-problem").waitFor();
  assert.match(await page.locator(".run-problem").innerText(), /Showing the last valid run/);
  assert.ok(await page.locator("[data-testid=map] .band").first().isVisible());
  await screenshot(page, "broken-text");
  await page.keyboard.press("Control+z");
  await page.locator(".run-problem").waitFor({ state: "detached" });
  await page.done();
});

test("several documents pasted at once become files by their kind", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await page.evaluate(() => navigator.clipboard.writeText("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: b}\n"));
  await editor(page).click();
  await page.keyboard.press("Control+v");
  await page.getByRole("tab", { name: "config-map" }).waitFor();
  await page.getByRole("tab", { name: "secret" }).waitFor();
  await page.done();
});

async function drop(page, name, bytes) {
  await page.locator("input[type=file]").setInputFiles({ name, mimeType: "application/yaml", buffer: Buffer.from(bytes) });
}

test("garbage, 20 MB, and a YAML bomb give a message and keep the work", async () => {
  const page = await open(browser, site.url);
  await played(page);
  const before = await page.getByRole("tab").allInnerTexts();
  await drop(page, "big.yaml", Buffer.alloc(20 * 1024 * 1024, "a: b\n"));
  await page.getByText("This file is 20 MB; the limit is 2 MB. Nothing was changed.").waitFor();
  assert.deepEqual(await page.getByRole("tab").allInnerTexts(), before);
  await drop(page, "garbage.yaml", Buffer.from([0, 255, 1, 254, 0, 0, 128]));
  await page.getByText("garbage.yaml is not text. Nothing was changed.").waitFor();
  assert.deepEqual(await page.getByRole("tab").allInnerTexts(), before);

  let bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (let level = 1; level < 9; level++) bomb += `a${level}: &a${level} [${Array(10).fill(`*a${level - 1}`).join(", ")}]\n`;
  await drop(page, "bomb.yaml", `kind: Scenario\n${bomb}`);
  await page.getByRole("tab", { name: "bomb" }).waitFor();
  await page.locator("[data-testid=problems]", { hasText: /bomb|alias|anchor/i }).waitFor({ timeout: 10_000 });
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("tab", { name: "bomb" }).waitFor({ state: "detached" });
  assert.equal(await title(page), "Traffic is split 50/50");
  await page.done();
});

const SERVICE = "hello-world.default.svc.cluster.local";
/** Two regions with so many endpoints each. */
const large = (replicas) => `apiVersion: mesh-failover.dev/v1alpha1
kind: Topology
metadata: {name: large}
spec:
  clusters:
  - name: cluster-a
    locality: europe-west1/europe-west1-b
    gateway: {replicas: 1, workers: 2}
    workloads:
    - {service: ${SERVICE}, port: 80, replicas: ${replicas}, latency: 5ms}
  - name: cluster-b
    locality: us-central1/us-central1-a
    workloads:
    - {service: ${SERVICE}, port: 80, replicas: ${replicas}, latency: 5ms}
`;

/** The module with a memory that cannot grow by more than so many pages of 64 kB. */
function withLittleMemory(bytes, pages) {
  const number = (at) => {
    let [value, shift, next] = [0, 0, at];
    do { value |= (bytes[next] & 127) << shift; shift += 7; } while (bytes[next++] & 128);
    return [value, next];
  };
  const written = (value) => value < 128 ? [value] : [(value & 127) | 128, ...written(value >>> 7)];
  for (let at = 8; at < bytes.length;) {
    const [size, begin] = number(at + 1);
    if (bytes[at] === 5) {
      const [least] = number(begin + 2);
      const memory = [1, 1, ...written(least), ...written(least + pages)];
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([5, memory.length, ...memory]), bytes.subarray(begin + size)]);
    }
    at = begin + size;
  }
  throw new Error("a module without a memory");
}

test("when the core runs out of memory the text is there, and goes on after a restart", async () => {
  const page = await open(browser, site.url, { module: (bytes) => withLittleMemory(bytes, 256) });
  await played(page);
  // Both workers have answered.
  await page.getByText(/Effective weight/).first().waitFor();
  await drop(page, "topology.yaml", large(40_000));
  const alert = page.getByRole("alert").filter({ hasText: "The simulation stopped. Your manifests are safe." });
  await alert.waitFor();
  await screenshot(page, "stopped");
  await page.getByRole("tab", { name: "topology" }).click();
  await editor(page).getByText("replicas: 40000").first().waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("button", { name: "Restart" }).click();
  await alert.waitFor({ state: "detached" });
  await seek(page, 20);
  await page.keyboard.press("d");
  await page.getByRole("button", { name: "Bring europe-west1 back" }).waitFor();
  await page.done();
});

test("a topology of 10,000 endpoints stays usable", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await drop(page, "topology.yaml", large(5000));
  await page.getByText(/of 5000 usable/).first().waitFor({ timeout: 20_000 });
  await seek(page, 20);
  const begun = Date.now();
  await page.keyboard.press("d");
  await page.getByRole("button", { name: "Bring europe-west1 back" }).waitFor({ timeout: 20_000 });
  await page.getByRole("heading", { name: "us-central1 serves 100%" }).waitFor({ timeout: 20_000 });
  console.log(`10,000 endpoints: a step takes ${Date.now() - begun} ms to show`);
  // A lane and a map of ten thousand would be tens of thousands of elements.
  const elements = await page.evaluate(() => document.querySelectorAll("*").length);
  assert.ok(elements < 2_500, `${elements} elements`);
  await page.evaluate(() => {
    window.blocked = [];
    new PerformanceObserver((list) => window.blocked.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
  });
  await seek(page, 15);
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await page.getByRole("heading", { name: "Traffic is split 50/50" }).waitFor();
  await page.getByRole("heading", { name: "us-central1 serves 100%" }).waitFor();
  await pause(page);
  await page.getByRole("button", { name: /^europe-west1-b-0 ?: Scaled to 0/ }).waitFor();
  await page.getByRole("button", { name: /^us-central1-a-1 ?: Healthy/ }).click();
  await page.getByRole("menuitem", { name: "Answer 503 to all" }).click();
  await page.getByRole("slider", { name: /us-central1 answers 503/ }).waitFor();
  const blocked = await page.evaluate(() => window.blocked);
  console.log(`10,000 endpoints: ${blocked.length} tasks of the main thread over 50 ms while playing and clicking, the longest ${Math.round(Math.max(0, ...blocked))} ms`);
  await screenshot(page, "ten-thousand");
  assert.deepEqual(page.complaints, []);
  await page.done();
});

test("the form reads the manifests and writes them", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await pause(page);
  await page.getByRole("button", { name: "Form", exact: true }).click();
  const weight = page.getByRole("textbox", { name: "Weight of europe-west1" });
  assert.equal(await weight.inputValue(), "50");
  await weight.fill("80");
  await weight.blur();
  await page.getByText("The weights sum up to 130; they must be 100.").waitFor();
  await page.getByRole("textbox", { name: "Weight of us-central1" }).fill("20");
  await page.getByRole("textbox", { name: "Weight of us-central1" }).blur();
  await page.getByRole("heading", { name: "Traffic is split 80/20" }).waitFor();
  await page.getByRole("checkbox", { name: "Region router" }).check();
  await page.getByRole("button", { name: "Manifests", exact: true }).click();
  await page.getByRole("tab", { name: "wasm-plugin" }).click();
  await editor(page).getByText("europe-west1: 80").first().waitFor();
  await page.getByRole("button", { name: "Router", exact: true }).click();
  await page.getByRole("heading", { name: "Traffic is split 80/20" }).waitFor();
  await page.done();
});

test("the form is rendered into manifests and commands, which take the place of the old ones", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await pause(page);
  await page.getByRole("button", { name: "Form", exact: true }).click();
  const weight = page.getByRole("textbox", { name: "Weight of europe-west1" });
  await weight.fill("80");
  await weight.blur();
  await page.getByRole("button", { name: "Render manifests" }).click();
  await page.getByRole("alert").filter({ hasText: "Not like this." }).waitFor();
  await screenshot(page, "render-refused");
  await page.keyboard.press("Escape");
  await weight.fill("50");
  await weight.blur();
  await page.getByRole("button", { name: "Render manifests" }).click();
  const text = page.getByTestId("rendered");
  await text.getByText("kind: Gateway").waitFor();
  await screenshot(page, "render");
  await page.getByRole("dialog").getByRole("combobox", { name: "Region router" }).selectOption("TrafficExtension");
  await page.getByRole("button", { name: "traffic-extension.yaml" }).click();
  await text.getByText("kind: TrafficExtension").waitFor();
  await page.getByRole("button", { name: "kubectl commands" }).click();
  await text.getByText("kubectl --context cluster-a").first().waitFor();
  await page.getByRole("dialog").getByRole("combobox", { name: "Routes" }).selectOption("gatewayApi");
  await page.getByRole("button", { name: "service-europe-west1.yaml" }).click();
  await text.getByText("kind: Service").waitFor();
  await page.getByRole("dialog").getByRole("combobox", { name: "Region router" }).selectOption("");
  await page.getByRole("button", { name: "http-route.yaml" }).click();
  await text.getByText("kind: HTTPRoute").waitFor();
  await page.getByRole("dialog").getByRole("combobox", { name: "Routes" }).selectOption("istio");
  await page.getByRole("button", { name: "Copy all" }).click();
  await page.getByText("All manifests copied.").waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /kind: VirtualService[^]*kind: DestinationRule/);
  await page.getByRole("button", { name: "Use these manifests" }).click();
  await page.getByRole("button", { name: "Manifests", exact: true }).click();
  await editor(page).getByText("Made by").first().waitFor();
  await page.getByRole("tab", { name: "cluster-a-down" }).or(page.getByRole("tab", { name: "scenario" })).first().waitFor();
  await page.getByRole("heading", { name: "Traffic is split 50/50" }).waitFor();
  assert.deepEqual(page.complaints, []);
  await page.done();
});

test("routes of the Gateway API are played and checked like Istio's", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await pause(page);
  await page.getByRole("button", { name: "Form", exact: true }).click();
  for (const [region, weight] of [["europe-west1", "80"], ["us-central1", "20"]]) {
    await page.getByRole("textbox", { name: `Weight of ${region}` }).fill(weight);
    await page.getByRole("textbox", { name: `Weight of ${region}` }).blur();
  }
  await page.getByRole("button", { name: "Render manifests" }).click();
  await page.getByRole("dialog").getByRole("combobox", { name: "Routes" }).selectOption("gatewayApi");
  await page.getByRole("button", { name: "http-route.yaml" }).click();
  await page.getByTestId("rendered").getByText("kind: HTTPRoute").waitFor();
  await page.getByRole("button", { name: "Use these manifests" }).click();
  await page.getByRole("heading", { name: "Traffic is split 80/20" }).waitFor();
  await page.getByRole("button", { name: "Manifests", exact: true }).click();
  await page.getByRole("tab", { name: "http-route" }).click();
  await editor(page).getByText("kind: HTTPRoute").first().waitFor();
  await page.getByText("No problems found.").waitFor();
  assert.deepEqual(page.complaints, []);
  await page.done();
});

test("it works offline after the first visit", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.context().setOffline(true);
  await page.reload();
  await played(page);
  await page.getByRole("heading", { name: "Traffic is split 50/50" }).waitFor();
  await page.context().setOffline(false);
  await page.done();
});

test("without its editor the page plays all the same, and shows the text", async () => {
  const page = await open(browser, site.url, { without: /\/code-[^/]*\.js$/ });
  await played(page);
  await page.getByRole("heading", { name: "Traffic is split 50/50" }).waitFor();
  await page.locator(".code-placeholder").getByText("maxEjectionPercent").waitFor();
  await page.done();
});

test("completion and hover speak from the schemas", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await pause(page);
  await editor(page).getByText("outlierDetection").hover();
  await page.locator(".cm-doc", { hasText: "outlierDetection" }).waitFor();
  await editor(page).getByText("maxEjectionPercent").click();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.keyboard.type("minH");
  await page.locator(".cm-tooltip-autocomplete", { hasText: "minHealthPercent" }).waitFor();
  await page.waitForTimeout(150);
  await page.keyboard.press("Enter");
  await page.keyboard.type("60");
  await editor(page).getByText("minHealthPercent: 60").waitFor();
  await page.done();
});

test("a finding is shown where it is, and its fix repairs the run", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await page.locator("h1").click();
  await page.keyboard.press("g");
  await page.locator(".card[data-id=no-outlier-distribute]").click();
  await page.getByRole("heading", { name: "Half of all requests fail" }).waitFor();
  const problems = page.locator("[data-testid=problems]");
  await problems.getByText("MF0201").first().waitFor();
  await page.locator(".cm-lintRange-warning, .cm-lintRange-error").first().waitFor();
  await screenshot(page, "finding");
  await page.locator("[data-testid=primary]").click();
  await page.getByRole("heading", { name: "us-central1 serves 100%" }).waitFor();
  await editor(page).getByText("outlierDetection").first().waitFor();
  assert.ok(!(await problems.innerText()).includes("MF0201"));
  assert.deepEqual(page.complaints, []);
  await page.done();
});
