/** What helps while writing: completion, hover, search, closing brackets. Fetched when the editor is first touched. */
import { autocompletion, closeBrackets, completionKeymap } from "@codemirror/autocomplete";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import type { Extension } from "@codemirror/state";
import { hoverTooltip, keymap } from "@codemirror/view";
import { completions, hoverText } from "./schema";

export const assist: Extension = [
  closeBrackets(), highlightSelectionMatches(),
  autocompletion({ override: [completions] }),
  hoverTooltip(async (view, position) => {
    const told = await hoverText(view.state, position);
    return told && { pos: told.from, end: told.to, create: () => ({ dom: tooltip(told.title, told.text) }) };
  }),
  keymap.of([...completionKeymap, ...searchKeymap]),
];

function tooltip(title: string, text: string): HTMLElement {
  const element = document.createElement("div");
  element.className = "cm-doc";
  const strong = document.createElement("strong");
  strong.textContent = title;
  element.append(strong, document.createElement("br"), text);
  return element;
}
