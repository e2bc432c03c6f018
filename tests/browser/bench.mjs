// What the page costs: bytes, time to the first picture and to the first click on a slow processor, time to simulate,
// the main thread's work for each frame while the run plays, memory over a hundred edits. A benchmark, never a test: times are quoted beside a page that does nothing, in the same run.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DIST, launch, open, pause, played, serve } from "./harness.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const SLOWER = 4;
const EDITS = 100;
const PLAYED_MS = 8_000;
/** Of sixty frames a second. */
const FRAME_MS = 1_000 / 60;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** First contentful paint, and when all of `ready` was there and the main thread was free again, both since navigation began. */
async function load(browser, url, ready) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, serviceWorkers: "block" });
  const page = await context.newPage();
  // Seen from within: whoever asks from outside makes the page wait for a third of a megabyte of script.
  const said = page.waitForEvent("console", (message) => message.text().startsWith("interactive "));
  await page.addInitScript((wanted) => {
    const seen = new MutationObserver(() => {
      if (!wanted.every((selector) => document.querySelector(selector))) return;
      seen.disconnect();
      requestAnimationFrame(() => setTimeout(() => console.debug(`interactive ${performance.now()}`)));
    });
    seen.observe(document, { childList: true, subtree: true });
  }, ready);
  const session = await context.newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  const files = [];
  page.on("response", (response) => files.push(new URL(response.url()).pathname));
  await page.goto(url);
  const interactive = Number((await said).text().split(" ")[1]);
  await page.waitForTimeout(1_500);
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN);
  await context.close();
  return { paint, interactive, files };
}

function transferred(files, base) {
  return files.map((path) => {
    const file = path.slice(new URL(base).pathname.length) || "index.html";
    const bytes = readFileSync(join(DIST, file));
    return { file, bytes: file.endsWith(".woff2") ? bytes.length : gzipSync(bytes, { level: 9 }).length };
  });
}

async function heap(session) {
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return usedSize / 1024 / 1024;
}

async function editing(browser, url) {
  const page = await open(browser, url);
  await played(page);
  await pause(page);
  const session = await page.context().newCDPSession(page);
  const tookOf = async () => Number(/in ([\d,]+) ms/.exec(await page.locator(".status").innerText())[1].replace(",", ""));
  const took = [];
  const memory = [];
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+End");
  for (let edit = 0; edit < EDITS; edit++) {
    await page.keyboard.insertText(edit % 2 === 0 ? "# a" : "b\n");
    await page.waitForTimeout(220);
    took.push(await tookOf());
    if (edit % 20 === 19) memory.push(await heap(session));
  }
  await page.done();
  return { took, memory };
}

/** Milliseconds that the main thread is busy between one frame's begin and the next, while the seed plays. */
async function playing(browser, url) {
  const page = await open(browser, url);
  await played(page);
  await page.locator(".cm-content").waitFor();
  const button = page.locator("[data-testid=play]");
  if ((await button.getAttribute("aria-label")) === "Play") await button.click();
  await browser.startTracing(page, { categories: ["toplevel", "cc"] });
  await page.waitForTimeout(PLAYED_MS);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  await page.done();
  const frames = traceEvents.filter(({ name, ph }) => name === "ProxyMain::BeginMainFrame" && ph === "X").sort((a, b) => a.ts - b.ts);
  const threadOf = ({ pid, tid }) => `${pid} ${tid}`;
  const threads = [...new Set(frames.map(threadOf))].map((thread) => frames.filter((frame) => threadOf(frame) === thread));
  const own = threads.toSorted((a, b) => b.length - a.length)[0];
  const tasks = traceEvents.filter((event) => event.name === "ThreadControllerImpl::RunTask" && event.ph === "X" && threadOf(event) === threadOf(own[0]));
  return own.slice(1).map(({ ts }, index) => {
    const from = own[index].ts;
    // A frame's own task begins just before it says so, and ends before the next.
    return tasks.reduce((sum, task) => (task.ts + task.dur > from && task.ts + task.dur <= ts ? sum + task.dur : sum), 0) / 1_000;
  });
}

const site = await serve();
const blank = mkdtempSync(join(tmpdir(), "blank-page-"));
writeFileSync(join(blank, "index.html"), "<!doctype html><title>blank</title><p id=ready>ready</p>");
const nothing = await serve(blank);
const browser = await launch();
try {
  const ours = [];
  const base = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await load(browser, site.url, ["[data-testid=primary]", "[data-testid=map] .band", ".cm-content"]));
    base.push(await load(browser, nothing.url, ["#ready"]));
  }
  const files = transferred(ours[0].files, site.url);
  const sum = files.reduce((total, { bytes }) => total + bytes, 0);
  console.log(`transfer              ${(sum / 1_000).toFixed(0)} kB gzip in ${files.length} files (target 700)`);
  for (const { file, bytes } of files.toSorted((a, b) => b.bytes - a.bytes).slice(0, 6)) console.log(`  ${(bytes / 1_000).toFixed(0).padStart(4)} kB  ${file}`);
  const line = (name, value, blankValue, target) => console.log(`${name.padEnd(22)}${value.toFixed(0)} ms, ${(value / blankValue).toFixed(1)} x a blank page's ${blankValue.toFixed(0)} ms (target ${target} ms; CPU ${SLOWER} x slower, median of ${ROUNDS})`);
  line("first contentful paint", median(ours.map(({ paint }) => paint)), median(base.map(({ paint }) => paint)), 1_000);
  line("interactive", median(ours.map(({ interactive }) => interactive)), median(base.map(({ interactive }) => interactive)), 2_000);
  const work = (await playing(browser, site.url)).toSorted((a, b) => a - b);
  const at = (part) => work[Math.floor(part * (work.length - 1))].toFixed(1);
  const within = (100 * work.filter((ms) => ms < FRAME_MS).length) / work.length;
  console.log(`work a frame, playing ${at(0.5)} ms median, ${at(0.95)} ms 95th, ${at(1)} ms most; ${within.toFixed(1)} % of ${work.length} frames under ${FRAME_MS.toFixed(1)} ms (target 95 %; CPU as it is, drawn without a GPU)`);
  const { took, memory } = await editing(browser, site.url);
  console.log(`simulate 60 s, 200/s  ${median(took)} ms in the page, median of ${took.length} (target 30)`);
  console.log(`heap over ${EDITS} edits    ${memory.map((megabytes) => megabytes.toFixed(1)).join(", ")} MB`);
} finally {
  await browser.close();
  await Promise.all([site.close(), nothing.close()]);
  rmSync(blank, { recursive: true });
}
