/** Changes the scenario's text without losing a comment. With the parser that this needs, it is fetched at the first change. */
import { type Document, isMap, isSeq, parseAllDocuments, type YAMLMap, type YAMLSeq } from "yaml";
import type { SourceFile } from "../core/types";
import { write } from "./documents";
import { durationMs, durationText, type Expectation, type NewStep, type Scenario, scenarioOf, SHARES } from "./scenario";

interface Found { file: SourceFile; documents: Document[]; document: Document; spec: YAMLMap }

function find(files: SourceFile[]): Found | undefined {
  for (const file of files) {
    if (!/kind:\s*Scenario/.test(file.text)) continue;
    const documents = parseAllDocuments(file.text);
    if (!Array.isArray(documents)) continue;
    for (const document of documents) {
      const spec = document.get("spec");
      if (document.get("kind") === "Scenario" && document.errors.length === 0 && isMap(spec)) {
        return { file, documents, document, spec };
      }
    }
  }
  return undefined;
}

/** The first scenario of the files as they are now: an answer of the core may still be on its way. */
export function readScenario(files: SourceFile[]): Scenario | undefined {
  const found = find(files);
  if (!found) return undefined;
  const { metadata, spec } = found.document.toJS() as { metadata?: { name?: unknown }; spec: unknown };
  return scenarioOf(found.file.name, String(metadata?.name ?? ""), spec);
}

/** Where a step begins in its file's text. */
export function startOfStep(files: SourceFile[], index: number): number | undefined {
  const nodes = find(files)?.spec.get("steps");
  const node = isSeq(nodes) ? nodes.items[index] : undefined;
  return isMap(node) ? node.range?.[0] : undefined;
}

/** Changes the scenario and returns its file's new text; undefined if there is none that can be read. */
export function editScenario(files: SourceFile[], edit: (spec: YAMLMap, document: Document) => void): SourceFile | undefined {
  const found = find(files);
  if (!found) return undefined;
  edit(found.spec, found.document);
  const written = found.documents.map(write);
  return { name: found.file.name, text: written.join(found.documents.length > 1 ? "---\n" : "").replace(/---\n(?=---\n)/g, "") };
}

function sequence(spec: YAMLMap, document: Document, key: "steps" | "expect"): YAMLSeq {
  const known = spec.get(key);
  if (isSeq(known)) { known.flow = false; return known; }
  const made = document.createNode([]) as YAMLSeq;
  const at = key === "steps" ? spec.items.findIndex((pair) => String(pair.key) === "expect") : -1;
  const pair = document.createPair(key, made);
  if (at < 0) spec.set(pair.key, made);
  else spec.items.splice(at, 0, pair as (typeof spec.items)[number]);
  return made;
}

export function addSteps(spec: YAMLMap, document: Document, added: NewStep[]): void {
  const items = sequence(spec, document, "steps");
  for (const { atMs, action, body } of added) {
    const node = document.createNode({ at: durationText(atMs) }) as YAMLMap;
    const value = document.createNode(action === "rate" ? body["rate"] : body);
    if (isMap(value)) {
      value.flow = true;
      for (const pair of value.items) if (isSeq(pair.value)) pair.value.flow = true;
    }
    node.set(document.createNode(action), value);
    const next = items.items.findIndex((item) => isMap(item) && durationMs(item.get("at")) > atMs);
    items.items.splice(next < 0 ? items.items.length : next, 0, node);
  }
}

export function moveStep(spec: YAMLMap, index: number, atMs: number): void {
  const items = spec.get("steps");
  const node = isSeq(items) ? items.items[index] : undefined;
  if (isMap(node)) node.set("at", durationText(atMs));
}

export function removeStep(spec: YAMLMap, index: number): void {
  const items = spec.get("steps");
  if (!isSeq(items)) return;
  items.items.splice(index, 1);
  if (items.items.length === 0) spec.delete("steps");
}

/** Writes the expectations that are of shares alone anew, and leaves the others where they are. */
export function setShares(spec: YAMLMap, document: Document, wanted: Expectation[], durationOfRun: number): void {
  const items = sequence(spec, document, "expect");
  const alone = (item: unknown): boolean => isMap(item) && item.has("share") && item.items.every(({ key }) => SHARES.has(String(key)));
  items.items = items.items.filter((item) => !alone(item));
  for (const { fromMs, toMs, share, within } of wanted) {
    const node = document.createNode({
      from: durationText(fromMs),
      to: durationText(Math.min(toMs, durationOfRun)),
      share,
      within,
    }) as YAMLMap;
    node.flow = true;
    items.items.push(node);
  }
}
