/** The code of the active file, kept in step with the project, the findings and the instant. */
import { computed, effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { selectedStep } from "../../model/actions";
import { linkedLines, shareHints } from "../../model/links";
import { activeFile, editFile, project } from "../../model/project";
import { pasteSplit } from "../../model/files";
import { diagnostics, run, scenario } from "../../model/session";
import type { Editor } from "./code";

/** A place to go to: set by problems, Why and steps. */
export const jump = signal<{ file: string; offset: number; focus: boolean } | undefined>(undefined);

const text = computed(() => project.value.files.find(({ name }) => name === activeFile.value)?.text ?? "");

/** The editor is large: the first insight goes first. */
const MOST_WAIT_MS = 3_000;

function firstRun(): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => { clearTimeout(timer); queueMicrotask(() => end()); resolve(); };
    const timer = setTimeout(done, MOST_WAIT_MS);
    const end = effect(() => { if (run.value) done(); });
  });
}

export function CodeArea() {
  const parent = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let ended = false;
    let undo: (() => void)[] = [];
    void firstRun().then(() => import("./code")).then(({ makeEditor, setLines }) => {
      if (ended || !parent.current) return;
      parent.current.replaceChildren();
      const editor = makeEditor(parent.current, (changed) => editFile(activeFile.peek(), changed));
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
          editor.view.dispatch({ effects: setLines.of(lines) });
        }),
        effect(() => { if (jump.value) go(editor, jump.value); }),
        effect(() => {
          const index = selectedStep.value;
          if (index !== undefined) void showStep(editor, index);
        }),
        () => editor.view.destroy(),
      ];
    });
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
