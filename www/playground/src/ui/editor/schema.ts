/** Completion and hover: what may stand under a path of a manifest, in a sentence each. */
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import type { EditorState, Text } from "@codemirror/state";

/** The path of keys above a line, by indentation; list items count as their parent. */
export function pathAt(doc: Text, lineNumber: number, indent: number): string[] {
  const path: string[] = [];
  let limit = indent;
  for (let number = lineNumber - 1; number >= 1 && limit > 0; number--) {
    const { text } = doc.line(number);
    if (/^---/.test(text)) break;
    const match = /^(\s*(?:- )*)([\w.-]+):/.exec(text);
    const own = match?.[1]?.length ?? -1;
    if (!match || own < 0 || own >= limit) continue;
    path.unshift(match[2] ?? "");
    limit = text.search(/\S/) < own ? text.search(/\S/) : own;
  }
  return path;
}

export function kindAt(doc: Text, lineNumber: number): string {
  let kind = "";
  for (let number = 1; number <= doc.lines; number++) {
    const { text } = doc.line(number);
    if (/^---/.test(text)) {
      if (number >= lineNumber) break;
      kind = "";
    }
    kind = /^kind:\s*(\S+)/.exec(text)?.[1] ?? kind;
  }
  return kind;
}

async function fieldsUnder(kind: string, path: string[]): Promise<Record<string, string>> {
  // Every field of every kind with a sentence: not for readers who only look.
  const { FIELDS } = await import("virtual:fields");
  return FIELDS[kind]?.[path.join(".")] ?? {};
}

export async function completions(context: CompletionContext): Promise<CompletionResult | null> {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const match = /^(\s*(?:- )*)([\w-]*)$/.exec(before);
  if (!match || (!context.explicit && match[2] === "")) return null;
  const indent = match[1]?.length ?? 0;
  const fields = await fieldsUnder(kindAt(context.state.doc, line.number), pathAt(context.state.doc, line.number, indent));
  const options: Completion[] = Object.entries(fields).map(([label, info]) => ({ label, type: "property", apply: `${label}: `, info }));
  return options.length === 0 ? null : { from: context.pos - (match[2]?.length ?? 0), options };
}

export interface Told { from: number; to: number; title: string; text: string }

export async function hoverText(state: EditorState, position: number): Promise<Told | null> {
  const line = state.doc.lineAt(position);
  const match = /^(\s*(?:- )*)([\w-]+):/.exec(line.text);
  const indent = match?.[1]?.length ?? 0;
  const name = match?.[2] ?? "";
  const from = line.from + indent;
  if (!match || position < from || position > from + name.length) return null;
  const fields = await fieldsUnder(kindAt(state.doc, line.number), pathAt(state.doc, line.number, indent));
  const text = fields[name];
  return text ? { from, to: from + name.length, title: name, text } : null;
}
