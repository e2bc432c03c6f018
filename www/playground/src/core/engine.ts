/** The core in this thread, through the npm package: answers in the page's own terms. */
import * as core from "mesh-failover/slim";
import filterUrl from "mesh-failover/region-router.wasm?url";
import { characters } from "./offsets";
import { policyOf } from "./policy";
import type { Answers, Ask } from "./protocol";
import type { Arm, Diagnostic, Played, Reading, Rendering, Report, SourceFile } from "./types";

/** As fine as the timeline draws. */
const RESOLUTION = "250ms";

/** Loads the core, once. */
export function load(module: WebAssembly.Module): Promise<void> {
  return core.init(module);
}

export function answer(question: Ask): Answers[keyof Answers] | Promise<Played> {
  const { files } = question;
  switch (question.ask) {
    case "check": return check(files, question.istio);
    case "explain": return unlessRefused(() => policyOf(files, core.explain({ files, istio: question.istio, from: question.from })));
    case "html": return core.html({ files, istio: question.istio, arm: question.arm });
    case "read": return read(files);
    case "render": return render(files);
    case "simulate": return question.shipped ? simulateShipped(files, question.istio, question.arm) : simulate(files, question.istio, question.arm);
  }
}

/** Files that cannot be used have no explanation; what is wrong with them is a finding. */
function unlessRefused<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof core.MeshFailoverError && error.code !== core.codes.internal) return undefined;
    throw error;
  }
}

/** What was refused, in the words of whoever is to blame. */
function refused(error: unknown): { ok: false; message: string } {
  if (error instanceof core.MeshFailoverError && error.code !== core.codes.internal) return { ok: false, message: error.message };
  throw error;
}

/** Documents that `read` is about; everything else would be read for nothing. */
const OWN = /\bkind["']?:\s*["']?(?:Scenario|Topology|WasmPlugin)\b/;

function read(files: SourceFile[]): Reading {
  const { objects } = unlessRefused(() => core.parse({ files: files.filter(({ text }) => OWN.test(text)) })) ?? { objects: [] };
  const [scenario] = objects.flatMap((object) => (object.kind === "Scenario" ? [{ file: object.location?.file ?? "", name: object.name, spec: object.spec }] : []));
  return {
    scenario,
    clusters: objects.flatMap((object) => (object.kind === "Topology" ? object.spec.clusters : [])),
    router: objects.some((object) => object.kind === "WasmPlugin" && routes(object.spec.pluginConfig)),
  };
}

/** Whether a plugin's configuration is the region router's. */
function routes(configuration: unknown): boolean {
  return typeof configuration === "object" && configuration !== null && "destinations" in configuration;
}

function render(files: SourceFile[]): Rendering {
  try {
    const { files: made, commands } = core.render({ files });
    return { ok: true, files: made, commands };
  } catch (error) {
    const first = error instanceof core.MeshFailoverError ? error.diagnostics[0] : undefined;
    // The intent is the form's own: where in its text the mistake is tells nobody anything.
    return first ? { ok: false, message: first.message } : refused(error);
  }
}

function simulate(files: SourceFile[], istio: string, arm: Arm): Played {
  const begun = performance.now();
  try {
    const report: Report = core.simulate({ files, istio, arm, resolution: RESOLUTION });
    return { ok: true, report, tookMs: performance.now() - begun };
  } catch (error) {
    return refused(error);
  }
}

let filter: WebAssembly.Module | undefined;

/** The same with the filter that ships in the router's place: fetched when somebody asks for it. */
async function simulateShipped(files: SourceFile[], istio: string, arm: Arm): Promise<Played> {
  try {
    filter ??= await WebAssembly.compile(await (await fetch(filterUrl)).arrayBuffer());
  } catch (error) {
    return { ok: false, message: `region_router.wasm cannot be loaded: ${String(error)}` };
  }
  const begun = performance.now();
  try {
    const simulation = new core.Simulation({ files, istio, arm, resolution: RESOLUTION }, filter);
    const report = simulation.run();
    const decided = simulation.filterReport();
    return { ok: true, report, tookMs: performance.now() - begun, ...(decided && { filter: decided }) };
  } catch (error) {
    return refused(error);
  }
}

function check(files: SourceFile[], istio: string): Diagnostic[] {
  const { diagnostics, rules } = core.check({ files, istio });
  const reasons = new Map(rules.map(({ code, why }) => [code, why.split("\n\n")[0] ?? ""]));
  return diagnostics.map((found) => diagnostic(files, found, reasons.get(found.code)));
}

function diagnostic(files: SourceFile[], { location, path, help, fix, severity, code, message }: core.Finding, why: string | undefined): Diagnostic {
  const textOf = (name: string): string => files.find((file) => file.name === name)?.text ?? "";
  const place = location && {
    file: location.file, line: location.line, column: location.column,
    start: characters(textOf(location.file), location.start), end: characters(textOf(location.file), location.end),
  };
  const edits = fix?.edits.map(({ file, start, end, text }) => ({ file, start: characters(textOf(file), start), end: characters(textOf(file), end), text }));
  return {
    severity, code, message, path: path ?? "",
    ...(why ? { why } : {}), ...(help ? { help } : {}), ...(place ? { place } : {}),
    ...(fix && edits ? { fix: { title: orderOf(fix.title), edits } } : {}),
  };
}

/** A fix's title as a button says it: without the values of a block. */
function orderOf(title: string): string {
  const bare = title.replaceAll("`", "").replace(/: \{.*$/s, "");
  return bare.charAt(0).toUpperCase() + bare.slice(1);
}
