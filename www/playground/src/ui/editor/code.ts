/** CodeMirror, set up for manifests. Loaded after the first paint. */
import { defaultKeymap, history, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics, type Diagnostic as Squiggle } from "@codemirror/lint";
import { Compartment, EditorState, RangeSetBuilder, StateEffect, StateField, type Extension } from "@codemirror/state";
import { Decoration, EditorView, keymap, lineNumbers, ViewPlugin, WidgetType, type DecorationSet } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Diagnostic } from "../../core/types";

const colors = HighlightStyle.define([
  { tag: tags.definition(tags.propertyName), color: "var(--yaml-key)" },
  { tag: tags.propertyName, color: "var(--yaml-key)" },
  { tag: tags.string, color: "var(--yaml-string)" },
  { tag: tags.content, color: "var(--yaml-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--yaml-number)" },
  { tag: tags.comment, color: "var(--ink-3)", fontStyle: "italic" },
  { tag: tags.punctuation, color: "var(--ink-2)" },
]);

/** Numbers and booleans are plain scalars to the YAML grammar; they are coloured by their text. */
const SCALAR = /(?<=(?::|-|\{|,)\s)(?:true|false|null|-?\d[\d.]*(?:ms|s|m|h|%)?)(?=\s*(?:[,}#\]]|$))/g;
const scalarMark = Decoration.mark({ class: "cm-scalar" });
const scalars = ViewPlugin.fromClass(class {
  decorations: DecorationSet;
  constructor(view: EditorView) { this.decorations = marks(view); }
  update(update: { docChanged: boolean; viewportChanged: boolean; view: EditorView }): void {
    if (update.docChanged || update.viewportChanged) this.decorations = marks(update.view);
  }
}, { decorations: (plugin) => plugin.decorations });

function marks(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to;) {
      const line = view.state.doc.lineAt(at);
      for (const match of line.text.matchAll(SCALAR)) builder.add(line.from + match.index, line.from + match.index + match[0].length, scalarMark);
      at = line.to + 1;
    }
  }
  return builder.finish();
}

/** A note at a line's end: the live share beside a weight. */
export interface Hint { line: number; text: string; token: string; letter: string }
class HintWidget extends WidgetType {
  constructor(readonly hint: Hint) { super(); }
  override eq(other: HintWidget): boolean { return other.hint.text === this.hint.text && other.hint.token === this.hint.token; }
  override toDOM(): HTMLElement {
    const element = document.createElement("span");
    element.className = "cm-hint";
    const badge = document.createElement("span");
    badge.className = "badge small";
    badge.style.background = `var(--${this.hint.token})`;
    badge.textContent = this.hint.letter;
    element.append(badge, this.hint.text);
    element.setAttribute("aria-hidden", "true");
    return element;
  }
}
const setLines = StateEffect.define<{ hints: Hint[]; linked: number[] }>();
const lineMarks = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(value, transaction) {
    let next = value.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setLines)) continue;
      const { doc } = transaction.state;
      const all = [
        ...effect.value.linked.filter((line) => line >= 1 && line <= doc.lines).map((line) => Decoration.line({ class: "cm-linked" }).range(doc.line(line).from)),
        ...effect.value.hints.filter(({ line }) => line >= 1 && line <= doc.lines).map((hint) => Decoration.widget({ widget: new HintWidget(hint), side: 1 }).range(doc.line(hint.line).to)),
      ];
      next = Decoration.set(all, true);
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const SEVERITY = { error: "error", warning: "warning", note: "info" } as const;

export interface Editor {
  view: EditorView;
  show(text: string, file: string): void;
  mark(found: Diagnostic[]): void;
  /** Notes at the ends of lines, and lines that something shown refers to. */
  note(hints: Hint[], linked: number[]): void;
}

/** An editor that stands nowhere yet: its `view.dom` may be put where it is wanted. */
export function makeEditor({ doc, file: first }: { doc: string; file: string }, onChange: (text: string) => void): Editor {
  let silent = false;
  let marked = 0;
  let shown = first;
  const labelled = (file: string): Extension => EditorView.contentAttributes.of({ "aria-label": `Manifest ${file}` });
  const label = new Compartment();
  const help = new Compartment();
  const extensions: Extension = [
    lineNumbers(), history(), indentUnit.of("  "),
    yaml(), syntaxHighlighting(colors), scalars, lineMarks,
    lintGutter(),
    help.of([]),
    keymap.of([...defaultKeymap, indentWithTab]),
    EditorView.updateListener.of((update) => { if (update.docChanged && !silent) onChange(update.state.doc.toString()); }),
    label.of(labelled(first)),
    EditorState.tabSize.of(2),
  ];
  const view = new EditorView({ state: EditorState.create({ doc, extensions }) });
  assistWhenTouched(view, (assist) => view.dispatch({ effects: help.reconfigure(assist) }));
  return {
    view,
    note: (hints, linked) => view.dispatch({ effects: setLines.of({ hints, linked }) }),
    show(text, file) {
      silent = true;
      const old = view.state.doc.toString();
      if (old !== text) {
        const [from, to, insert] = difference(old, text);
        view.dispatch({ changes: { from, to, insert } });
      }
      if (file !== shown) view.dispatch({ effects: label.reconfigure(labelled(file)) });
      shown = file;
      silent = false;
    },
    mark(diagnostics) {
      const length = view.state.doc.length;
      const found: Squiggle[] = diagnostics.flatMap(({ place, severity, message, code }) => place ? [{
        from: Math.min(place.start, length), to: Math.min(Math.max(place.end, place.start + 1), length),
        severity: SEVERITY[severity], message: `${message} (${code})`,
      }] : []);
      if (found.length === 0 && marked === 0) return;
      marked = found.length;
      view.dispatch(setDiagnostics(view.state, found.sort((a, b) => a.from - b.from)));
    },
  };
}

/** The pointer may rest by the time help is there: it is said once more where. */
function assistWhenTouched(view: EditorView, give: (assist: Extension) => void): void {
  const touched = new AbortController();
  let at: MouseEventInit | undefined;
  view.dom.addEventListener("pointermove", ({ clientX, clientY }) => (at = { clientX, clientY, bubbles: true }), { signal: touched.signal });
  const load = async (): Promise<void> => {
    const { assist } = await import("./assist");
    give(assist);
    touched.abort();
    if (at) document.elementFromPoint(at.clientX ?? 0, at.clientY ?? 0)?.dispatchEvent(new MouseEvent("mousemove", at));
  };
  for (const sign of ["focusin", "pointerover"]) view.dom.addEventListener(sign, () => void load(), { once: true });
}

/** The one stretch in which two texts differ: the cursor and the scroll position survive. */
function difference(old: string, text: string): [number, number, string] {
  let from = 0;
  while (from < old.length && from < text.length && old[from] === text[from]) from++;
  let end = 0;
  while (end < old.length - from && end < text.length - from && old[old.length - 1 - end] === text[text.length - 1 - end]) end++;
  return [from, old.length - end, text.slice(from, text.length - end)];
}
