/** The user's work: files and how they are looked at, with undo. */
import { computed, signal } from "@preact/signals";
import type { SourceFile } from "../core/types";

export interface Project { title: string; files: SourceFile[]; istio: string }
interface Entry { project: Project; /** Edits with one key within a short time are one step of undo. */ key: string; at: number }

const MOST_STEPS_BACK = 200;
const ONE_EDIT_MS = 1_000;

export const project = signal<Project>({ title: "", files: [], istio: "1.31" });
export const activeFile = signal("");
const past = signal<Entry[]>([]);
const future = signal<Project[]>([]);
export const canUndo = computed(() => past.value.length > 0);
export const canRedo = computed(() => future.value.length > 0);

/** Replaces the project; what was there comes back with undo. */
export function change(next: Project, key = ""): void {
  const now = Date.now();
  const last = past.value.at(-1);
  const goesOn = key !== "" && last?.key === key && now - last.at < ONE_EDIT_MS;
  past.value = goesOn
    ? [...past.value.slice(0, -1), { ...last, at: now }]
    : [...past.value, { project: project.value, key, at: now }].slice(-MOST_STEPS_BACK);
  future.value = [];
  project.value = next;
  keepActive();
}

/** Starts with a project that nothing comes before. */
export function start(first: Project): void {
  project.value = first;
  past.value = [];
  future.value = [];
  keepActive();
}

export function editFile(name: string, text: string, key = `edit ${name}`): void {
  const files = project.value.files.map((file) => (file.name === name ? { name, text } : file));
  change({ ...project.value, files }, key);
}

export function undo(): void {
  const last = past.value.at(-1);
  if (!last) return;
  past.value = past.value.slice(0, -1);
  future.value = [...future.value, project.value];
  project.value = last.project;
  keepActive();
}

export function redo(): void {
  const next = future.value.at(-1);
  if (!next) return;
  future.value = future.value.slice(0, -1);
  past.value = [...past.value, { project: project.value, key: "", at: 0 }];
  project.value = next;
  keepActive();
}

function keepActive(): void {
  const { files } = project.value;
  if (files.some((file) => file.name === activeFile.value)) return;
  activeFile.value = (files.find((file) => /destination/.test(file.name)) ?? files[0])?.name ?? "";
}

/** A file's tab: without folder and ending. */
export function tabName(name: string): string {
  return name.replace(/^.*\//, "").replace(/\.ya?ml$/, "");
}
