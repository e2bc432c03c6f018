/** The core in this thread, through the npm package: answers in the page's own terms. */
import * as core from "mesh-failover/slim";
import moduleUrl from "mesh-failover/mesh-failover.wasm?url";
import { characters } from "./offsets";
import type { Answers, Ask } from "./protocol";
import type { Diagnostic, Report, SourceFile } from "./types";

/** As fine as the timeline draws. */
const RESOLUTION = "250ms";

export async function answer(question: Ask): Promise<Answers[keyof Answers]> {
  await core.init(new URL(moduleUrl, import.meta.url));
  const { files, istio } = question;
  if (question.ask === "check") return core.check({ files, istio }).diagnostics.map((found) => diagnostic(files, found));
  const begun = performance.now();
  try {
    const report: Report = core.simulate({ files, istio, arm: question.arm, resolution: RESOLUTION });
    return { ok: true, report, tookMs: performance.now() - begun };
  } catch (error) {
    if (error instanceof core.MeshFailoverError && error.code !== core.codes.internal) return { ok: false, message: error.message };
    throw error;
  }
}

function diagnostic(files: SourceFile[], { location, path, help, ...found }: core.Diagnostic): Diagnostic {
  const text = files.find(({ name }) => name === location?.file)?.text;
  const place = location && text !== undefined
    ? { file: location.file, line: location.line, column: location.column, start: characters(text, location.start), end: characters(text, location.end) }
    : undefined;
  return { ...found, path: path ?? "", ...(help ? { help } : {}), ...(place ? { place } : {}) };
}
