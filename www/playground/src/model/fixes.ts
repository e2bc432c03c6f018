/** Applies a finding's fix, as one step of undo. */
import type { Diagnostic, SourceFile } from "../core/types";
import { change, project } from "./project";

export function fixedFiles(files: SourceFile[], diagnostics: Diagnostic[]): SourceFile[] {
  const edits = diagnostics.flatMap(({ fix }) => fix?.edits ?? []).sort((a, b) => b.start - a.start || b.end - a.end);
  return files.map((file) => {
    let text = file.text;
    let limit = Infinity;
    for (const edit of edits) {
      // Overlapping fixes: the later one in the text goes first, the other waits for the next check.
      if (edit.file !== file.name || edit.end > limit) continue;
      text = text.slice(0, edit.start) + edit.text + text.slice(edit.end);
      limit = edit.start;
    }
    return { name: file.name, text };
  });
}

export function applyFix(...diagnostics: Diagnostic[]): void {
  change({ ...project.value, files: fixedFiles(project.value.files, diagnostics) });
}
