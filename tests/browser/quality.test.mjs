// Every device and both themes: axe finds nothing, nothing sticks out, nothing is said to the console.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { installed, launch, open, played, screenshot, seek, serve } from "./harness.mjs";

const AXE = readFileSync(installed.resolve("axe-core/axe.min.js"), "utf8");
let site, browser;
before(async () => { site = await serve(); browser = await launch(); });
after(async () => { await browser?.close(); await site?.close(); });

async function axe(page, where) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }));
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ target, any }) => `${target.join(" ")} ${any[0]?.message ?? ""}`).join(" | ")}`);
  assert.deepEqual(told, [], `axe on ${where}`);
}

async function withSteps(page) {
  await played(page);
  await seek(page, 20);
  await page.keyboard.press("d");
  await page.getByRole("button", { name: "Bring europe-west1 back" }).waitFor();
  await seek(page, 27);
}

for (const [name, options] of [
  ["desktop-light", {}],
  ["desktop-dark", { dark: true }],
  ["tablet", { width: 1024, height: 768 }],
  ["4k", { width: 2560, height: 1440 }],
  ["phone", { width: 390, height: 844, touch: true }],
  ["phone-dark", { width: 360, height: 740, touch: true, dark: true }],
  // 1440 wide at 200 %, 1280 at 400 %: what is left of the screen in CSS pixels.
  ["zoom-200", { width: 720, height: 450, scale: 2 }],
  ["zoom-400", { width: 320, height: 256, scale: 4 }],
  ["forced-colors", { forcedColors: "active" }],
  ["forced-colors-dark", { forcedColors: "active", dark: true }],
  ["embed", { width: 800, height: 450, query: "?embed" }],
]) {
  test(`${name}: looks right to axe, and nothing sticks out`, async () => {
    const page = await open(browser, site.url, options);
    await withSteps(page);
    await page.waitForTimeout(300);
    await screenshot(page, name);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wider <= 0, `${wider} px wider than the screen`);
    await axe(page, name);
    assert.deepEqual(page.complaints, []);
    assert.deepEqual(page.foreign, []);
    await page.done();
  });
}

test("compare, gallery, share, help and the form look right to axe", async () => {
  const page = await open(browser, site.url);
  await withSteps(page);
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.locator("[data-testid=compare] .band").nth(3).waitFor();
  await page.getByText("not played yet").waitFor({ state: "detached" });
  await screenshot(page, "compare");
  await axe(page, "compare");
  await page.keyboard.press("1");
  for (const [key, name] of [["g", "gallery"], ["?", "help"]]) {
    await page.keyboard.press(key);
    await page.locator("dialog[open]").waitFor();
    await page.waitForTimeout(name === "gallery" ? 1_500 : 100);
    await screenshot(page, name);
    await axe(page, name);
    await page.keyboard.press("Escape");
    await page.locator("dialog[open]").waitFor({ state: "detached" });
  }
  await page.getByRole("button", { name: "Share" }).click();
  await page.locator("dialog[open]").waitFor();
  await screenshot(page, "share");
  await axe(page, "share");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Form", exact: true }).click();
  await page.waitForTimeout(300);
  await screenshot(page, "form");
  await axe(page, "form");
  assert.deepEqual(page.complaints, []);
  await page.done();
});

test("a phone has the form, and the dialogs fit it", async () => {
  const page = await open(browser, site.url, { width: 390, height: 844, touch: true });
  await played(page);
  await page.getByRole("button", { name: "Manifests", exact: true }).first().click();
  await page.getByRole("button", { name: "Form", exact: true }).click();
  await screenshot(page, "phone-form");
  await axe(page, "the form on a phone");
  await page.getByRole("button", { name: "Render manifests" }).click();
  await page.getByTestId("rendered").getByText("kind: Gateway").waitFor();
  await screenshot(page, "phone-render");
  await axe(page, "the rendered manifests on a phone");
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wider <= 0, `${wider} px wider than the screen`);
  const dialog = await page.getByRole("dialog").boundingBox();
  assert.ok(dialog.x >= 0 && dialog.x + dialog.width <= 390, `the dialog goes from ${dialog.x} over ${dialog.width} px`);
  assert.deepEqual(page.complaints, []);
  await page.done();
});

test("when the page fails, the text is there, and goes on after a restart", async () => {
  const page = await open(browser, site.url);
  await played(page);
  await seek(page, 5);
  await page.evaluate(() => {
    const { toFixed } = Number.prototype;
    Number.prototype.toFixed = () => { throw new Error("broken on purpose"); };
    window.mend = () => { Number.prototype.toFixed = toFixed; };
  });
  await page.keyboard.press("ArrowRight");
  await page.getByRole("heading", { name: "The page stopped. Your manifests are safe." }).waitFor();
  await page.getByText("broken on purpose").waitFor();
  assert.match(await page.getByLabel("Your manifests").inputValue(), /kind: VirtualService[^]*kind: DestinationRule/);
  await screenshot(page, "broken");
  await axe(page, "the page that stopped");
  await page.evaluate(() => window.mend());
  await page.getByRole("button", { name: "Restart" }).click();
  await played(page);
  await page.locator(".cm-content").getByText("kind:").first().waitFor();
  await page.done();
});

test("everything on the first screen is reached with the keyboard alone", async () => {
  const page = await open(browser, site.url, { reducedMotion: "reduce" });
  await played(page);
  await page.keyboard.press(" ");
  const names = [];
  for (let press = 0; press < 70; press++) {
    await page.keyboard.press("Tab");
    const name = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return "";
      const style = getComputedStyle(element);
      const seen = element.closest(".cm-editor") || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || element.matches("input, .playhead");
      return `${seen ? "" : "NO FOCUS RING "}${element.getAttribute("aria-label") ?? element.textContent ?? ""}`.trim();
    });
    names.push(name);
    // Out of the editor: Escape, then Tab.
    if (/^Manifest /.test(name)) await page.keyboard.press("Escape");
  }
  const all = names.join("\n");
  assert.ok(!all.includes("NO FOCUS RING"), all);
  for (const wanted of ["Native", "Share", "Manifests", "destination-rule", "Manifest destination-rule.yaml", "Take europe-west1 down", "Both healthy", "europe-west1: 50%", "us-central1-a-2: Healthy", "Play", "Add step", "Playhead"]) {
    assert.ok(all.includes(wanted), `${wanted} is not reached:\n${all}`);
  }
  await page.done();
});
