// The guide's table, read from the page after taking a region down and bringing it back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { launch, open, played, screenshot, seek, serve } from "./harness.mjs";

let site, browser;
before(async () => { site = await serve(); browser = await launch(); });
after(async () => { await browser?.close(); await site?.close(); });

const cells = (page) => page.locator("[data-testid=guide] tbody tr").last().locator("td").allTextContents();

test("the first screen runs the seed with nothing to configure, and calls nobody", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await assert.doesNotReject(page.getByRole("heading", { name: "Traffic is split 50/50" }).waitFor());
  const [both, down, back] = await cells(page);
  assert.match(both, /^(49|50)\.\d \/ (49|50)\.\d/);
  assert.equal(down, "not tried yet");
  assert.equal(back, "not tried yet");
  assert.ok(await page.getByRole("button", { name: "Take europe-west1 down" }).isVisible());
  await seek(page, 8.5);
  await screenshot(page, "first-screen");
  assert.deepEqual(page.foreign, []);
  assert.deepEqual(page.complaints, []);
  await page.done();
});

test("down and back give the guide's table, and lines of the scenario", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await seek(page, 20);
  await page.getByRole("button", { name: "Take europe-west1 down" }).click();
  await page.getByRole("button", { name: "Bring europe-west1 back" }).waitFor();
  await seek(page, 40);
  await page.getByRole("button", { name: "Bring europe-west1 back" }).click();
  await page.getByText("3 of 3 expectations met").waitFor();
  const [both, down, back] = await cells(page);
  assert.match(both, /^(49|50)\.\d \/ (49|50)\.\d/);
  assert.match(down, /^0\.0 \/ 100\.0in \d+\.\d s/);
  assert.match(back, /^(49|50)\.\d \/ (49|50)\.\d/);
  await seek(page, 27);
  await page.getByRole("heading", { name: "us-central1 serves 100%" }).waitFor();
  await screenshot(page, "europe-west1-down");
  await page.getByRole("tab", { name: "scenario" }).click();
  const text = await page.locator(".cm-content").innerText();
  assert.match(text, /- at: 20s\n\s+scale: \{region: europe-west1, replicas: 0\}/);
  assert.match(text, /- at: 40s\n\s+scale: \{region: europe-west1, replicas: 3\}/);
  assert.deepEqual(page.complaints, []);
  await page.done();
});

test("a step is dragged, moved with the keys, deleted, and comes back with undo", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await seek(page, 20);
  await page.keyboard.press("d");
  const flag = page.getByRole("slider", { name: "europe-west1 is scaled to 0" });
  await flag.waitFor();
  assert.equal(await flag.getAttribute("aria-valuetext"), "20.0 s");
  const box = await flag.boundingBox();
  await page.mouse.move(box.x + 60, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(box.x + 160, box.y + 10, { steps: 8 });
  await page.mouse.up();
  const moved = Number.parseFloat(await flag.getAttribute("aria-valuetext"));
  assert.ok(moved > 24 && moved < 34 && Number.isInteger(moved * 2), `dragged to ${moved}`);
  await flag.focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await flag.getAttribute("aria-valuetext"), `${(moved + 0.1).toFixed(1)} s`);
  await page.keyboard.press("Delete");
  await flag.waitFor({ state: "detached" });
  await page.keyboard.press("Control+z");
  await flag.waitFor();
  await page.done();
});

test("the map's menu fails one endpoint, and the map and the lane show it", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await seek(page, 10);
  await page.getByRole("button", { name: /^europe-west1-b-1 ?:/ }).click();
  await page.getByRole("menuitem", { name: "Answer 503 to all" }).click();
  await page.getByRole("slider", { name: /europe-west1 answers 503/ }).waitFor();
  await seek(page, 20);
  await page.getByRole("button", { name: /^europe-west1-b-1 ?: Ejected/ }).waitFor();
  assert.match(await page.locator("[data-testid=why]").innerText(), /1 of 6, cap 100%/);
  await page.done();
});

test("a step takes numbers of one's own", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await seek(page, 10);
  await page.getByRole("button", { name: /^europe-west1-b-1 ?:/ }).click();
  await page.getByRole("menuitem", { name: "Other numbers" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a step" });
  await dialog.getByText("europe-west1-b-1").waitFor();
  await dialog.getByRole("combobox", { name: "Shall" }).selectOption("answer with errors");
  const [status, percent] = [dialog.getByRole("spinbutton").nth(0), dialog.getByRole("spinbutton").nth(1)];
  await status.fill("502");
  await percent.fill("101");
  await dialog.getByRole("button", { name: "Add step" }).click();
  assert.ok(await dialog.isVisible(), "101 % was taken");
  await percent.fill("45");
  await screenshot(page, "add-step");
  await dialog.getByRole("button", { name: "Add step" }).click();
  await page.getByRole("slider", { name: /europe-west1 answers 502/ }).waitFor();
  await page.keyboard.press("n");
  await dialog.getByRole("combobox", { name: "Region" }).selectOption("us-central1");
  await dialog.getByRole("spinbutton").fill("7");
  await dialog.getByRole("button", { name: "Add step" }).click();
  await page.getByRole("slider", { name: "us-central1 is scaled to 7" }).waitFor();
  await page.getByRole("tab", { name: "scenario" }).click();
  const text = await page.locator(".cm-content").innerText();
  assert.match(text, /fail: \{.*endpoints: \[1\].*status: 502, ratio: 0\.45\}/);
  assert.match(text, /scale: \{region: us-central1, replicas: 7\}/);
  assert.deepEqual(page.complaints, []);
  await page.done();
});

test("several gateways are told apart from one", async () => {
  const page = await open(browser, site.url);
  await played(page);
  const documents = readFileSync(new URL("../scenarios/two-gateways.yaml", import.meta.url), "utf8").split(/^---$/m);
  const of = (kind) => documents.find((text) => text.includes(`kind: ${kind}`));
  const file = (name, text) => ({ name, mimeType: "application/yaml", buffer: Buffer.from(text) });
  await page.locator("input[type=file]").setInputFiles([file("topology.yaml", of("Topology")), file("scenario.yaml", of("Scenario"))]);
  const gateway = page.locator(".gateway");
  await gateway.getByText("2 gateways").waitFor();
  await gateway.getByText("cluster-a, cluster-b").waitFor();
  await screenshot(page, "two-gateways");
  await gateway.getByText("200 req/s").waitFor();
  // What is expected of one gateway, or of more than shares, stays as it was written when a button writes expectations.
  await seek(page, 4);
  await page.keyboard.press("d");
  await page.getByRole("button", { name: "Bring europe-west1 back" }).waitFor();
  await page.getByRole("tab", { name: "scenario" }).click();
  const text = await page.locator(".cm-content").innerText();
  assert.match(text, /scale: \{region: europe-west1, replicas: 0\}/);
  assert.match(text, /to: 14s, gateway: cluster-b, share: \{us-central1: 100\}, within: 0, maxErrors: 0/);
  await page.done();
});

test("Why tells more of an endpoint that was clicked, up to the instant", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await seek(page, 10);
  await page.getByRole("button", { name: /^europe-west1-b-1 ?:/ }).click();
  await page.getByRole("menuitem", { name: "Refuse connections" }).click();
  await page.getByRole("slider", { name: /europe-west1 refuses connections/ }).waitFor();
  await seek(page, 20);
  await page.getByRole("button", { name: /^europe-west1-b-1 ?: Ejected/ }).click();
  await page.getByRole("menuitem", { name: "Why it gets this share" }).click();
  const why = page.getByRole("region", { name: "europe-west1-b-1" });
  await why.getByText(/Ejected until \d+\.\d s/).waitFor();
  await why.getByText("europe-west1-b-1 ejected: 5xx in a row").waitFor();
  await seek(page, 5);
  await why.getByText("none so far").waitFor();
  await page.done();
});

test("the module that ships decides in the router's place, and decides as simulated", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await page.getByRole("button", { name: "Router", exact: true }).click();
  const before = page.locator("[data-testid=verdict]");
  await before.waitFor();
  await page.getByRole("checkbox", { name: "region_router.wasm" }).check();
  const said = page.getByTestId("shipped");
  await said.waitFor();
  assert.match(await said.innerText(), /^1\d,\d{3} as simulated$/);
  await screenshot(page, "shipped-filter");
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.locator(".arm", { hasText: "Router" }).getByTestId("shipped").waitFor();
  await screenshot(page, "shipped-filter-compare");
  await page.done();
});
