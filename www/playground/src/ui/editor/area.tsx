/** The code of the active file, kept in step with the project, the findings and the instant. */
import { computed, effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { selectedStep } from "../../model/actions";
import { linkedLines, shareHints } from "../../model/links";
import { activeFile, editFile, project } from "../../model/project";
import { pasteSplit } from "../../model/files";
import { diagnostics, scenario } from "../../model/session";
import type { Editor } from "./code";

/** A place to go to: set by problems, Why and steps. */
export const jump = signal<{ file: string; offset: number; focus: boolean } | undefined>(undefined);

const text = computed(() => project.value.files.find(({ name }) => name === activeFile.value)?.text ?? "");

let prepared: Promise<Editor> | undefined;

/** The editor of the active file, made while there is time: it is large. */
export function prepareEditor(): Promise<Editor> {
  prepared ??= import("./code").then(({ makeEditor }) => makeEditor({ doc: text.peek(), file: activeFile.peek() }, (changed) => editFile(activeFile.peek(), changed)));
  // What could not be fetched may be there the next time; until then the text stands there plain.
  prepared.catch(() => { prepared = undefined; });
  return prepared;
}

export function CodeArea() {
  const parent = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let ended = false;
    let undo: (() => void)[] = [];
    void prepareEditor().then((editor) => {
      prepared = undefined;
      if (ended || !parent.current) return editor.view.destroy();
      parent.current.replaceChildren(editor.view.dom);
      let marked = "";
      undo = [
        effect(() => editor.show(text.value, activeFile.value)),
        effect(() => editor.mark(diagnostics.value.filter(({ place }) => place?.file === activeFile.value))),
        effect(() => {
          const lines = { hints: shareHints.value, linked: linkedLines.value };
          const now = `${activeFile.value}\n${text.value}\n${JSON.stringify(lines)}`;
          // The playhead moves more often than a share.
          if (now === marked) return;
          marked = now;
          editor.note(lines.hints, lines.linked);
        }),
        effect(() => { if (jump.value) go(editor, jump.value); }),
        effect(() => {
          const index = selectedStep.value;
          if (index !== undefined) void showStep(editor, index);
        }),
        () => editor.view.destroy(),
      ];
    }, () => undefined);
    return () => { ended = true; for (const end of undo) end(); };
  }, []);
  return (
    <div id="code" class="code" role="tabpanel" aria-labelledby={`tab-${activeFile.value}`} ref={parent} data-testid="editor"
      onPasteCapture={(event) => { if (pasteSplit(event.clipboardData?.getData("text/plain") ?? "")) event.preventDefault(); }}>
      <pre class="code-placeholder" tabIndex={0}>{text.value}</pre>
    </div>
  );
}

async function showStep(editor: Editor, index: number): Promise<void> {
  const { startOfStep } = await import("../../model/edit");
  const offset = startOfStep(project.peek().files, index);
  if (offset !== undefined && activeFile.peek() === scenario.peek()?.file) go(editor, { offset, focus: false });
}

function go({ view }: Editor, { offset, focus }: { offset: number; focus: boolean }): void {
  requestAnimationFrame(() => {
    const at = Math.min(offset, view.state.doc.length);
    view.dispatch({ selection: { anchor: at }, scrollIntoView: true });
    if (focus) view.focus();
  });
}
