// A ten-minute drill at 1,000 requests/s as one call of the npm package, in Node and in a real browser: manifests read, 600,000 requests
// played, report made. A benchmark, never a test: times stand beside the least that JavaScript does for as many requests, in the same run.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch, serve } from "./harness.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 7);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PACKAGE = join(ROOT, "www/sdk/dist");
const NAMES = ["gateway", "virtual-service", "destination-rule", "topology"];
const DRILL = `apiVersion: mesh-failover.dev/v1alpha1
kind: Scenario
metadata: {name: drill}
spec:
  gateway: cluster-a
  traffic: {rate: 1000, arrivals: poisson}
  duration: 10m
  steps:
  - {at: 200s, fail: {cluster: cluster-a}}
  - {at: 400s, restore: {cluster: cluster-a}}
`;

/** Best of some rounds, in milliseconds; runs in Node as in the browser, so it has nothing around it. */
const time = ({ simulate, files, rounds }) => {
  let [best, least, started] = [Infinity, Infinity, 0];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    ({ started } = simulate({ files }));
    best = Math.min(best, performance.now() - began);
    const counts = new Uint32Array(6);
    const idle = performance.now();
    for (let request = 0; request < started; request++) counts[Math.floor(Math.random() * 6)] += 1;
    least = Math.min(least, performance.now() - idle);
  }
  return { best, least, started };
};

const files = NAMES.map((name) => ({ name, text: readFileSync(join(ROOT, `examples/seed/${name}.yaml`), "utf8") }));
files.push({ name: "drill", text: DRILL });
const show = (where, { best, least, started }) => console.log(
  `${where.padEnd(10)}${best.toFixed(0).padStart(5)} ms, ${(started / best / 1_000).toFixed(1)} million requests/s, ${(best / least).toFixed(0)} x a draw and a counter in JavaScript (${least.toFixed(1)} ms; best of ${ROUNDS})`,
);

const { init, simulate } = await import(join(PACKAGE, "index.node.js"));
await init();
show("Node", time({ simulate, files, rounds: ROUNDS }));

const folder = mkdtempSync(join(tmpdir(), "drill-"));
writeFileSync(join(folder, "index.html"), "<!doctype html><title>drill</title>");
symlinkSync(PACKAGE, join(folder, "package"));
const site = await serve(folder);
const browser = await launch();
try {
  const page = await browser.newPage();
  await page.goto(site.url);
  show("Chromium", await page.evaluate(async ({ source, files, rounds }) => {
    const { init, simulate } = await import(new URL("package/index.js", location.href).href);
    await init();
    return new Function(`return ${source}`)()({ simulate, files, rounds });
  }, { source: time.toString(), files, rounds: ROUNDS }));
} finally {
  await browser.close();
  await site.close();
  rmSync(folder, { recursive: true });
}
