/** Files in and out: dropped, pasted, added, formatted, downloaded. Nothing is taken in that could hurt the work. */
import { signal } from "@preact/signals";
import type { SourceFile } from "../core/types";
import { activeFile, change, editFile, project } from "./project";

/** What went wrong with the last thing that came in. */
export const notice = signal<string | undefined>(undefined);

export const MOST_BYTES = 2 * 1024 * 1024;

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(bytes < 10 * 1024 * 1024 ? 1 : 0)} MB`;

export async function dropFiles(transfer: { files: FileList; items?: DataTransferItemList }): Promise<void> {
  const dropped = transfer.items ? await fromFolders(transfer.items) : [...transfer.files];
  const found = dropped.filter(({ name }) => /\.(ya?ml|json)$/i.test(name));
  if (found.length === 0) {
    notice.value = "No YAML or JSON file was in what you dropped. Nothing was changed.";
    return;
  }
  const size = found.reduce((sum, file) => sum + file.size, 0);
  if (size > MOST_BYTES) {
    notice.value = `${found.length === 1 ? "This file is" : "These files are"} ${megabytes(size)}; the limit is 2 MB. Nothing was changed.`;
    return;
  }
  const texts = await Promise.all(found.map(async (file) => ({ name: file.name, text: await file.text() })));
  const binary = texts.find(({ text }) => text.includes("\0") || text.includes("\uFFFD"));
  if (binary) {
    notice.value = `${binary.name} is not text. Nothing was changed.`;
    return;
  }
  takeIn(texts);
}

async function fromFolders(items: DataTransferItemList): Promise<File[]> {
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  return (await Promise.all(entries.map(filesOf))).flat();
}

async function filesOf(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) return [await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    all.push(...some);
  }
  return (await Promise.all(all.map(filesOf))).flat();
}

/** Takes files in: one of a known name is replaced, several documents become a file each. */
export function takeIn(files: SourceFile[]): void {
  const split = files.flatMap((file) => splitByKind(file.text) ?? [file]);
  const known = new Map(project.value.files.map((file) => [file.name, file]));
  for (const file of split) known.set(file.name, file);
  const first = split[0];
  change({ ...project.value, title: "", files: [...known.values()] });
  if (first) activeFile.value = first.name;
  notice.value = undefined;
}

/** A file for each document, named after its kind; undefined if there is only one, or none that says its kind. */
export function splitByKind(text: string): SourceFile[] | undefined {
  if (!/^---\s*$/m.test(text) || text.length > MOST_BYTES) return undefined;
  const parts = text.split(/^---\s*(?:#.*)?$/m).map((part) => part.trim()).filter((part) => /^kind:/m.test(part));
  if (parts.length < 2) return undefined;
  const used = new Map<string, number>();
  return parts.map((part) => {
    const kind = /^kind:\s*["']?(\w+)/m.exec(part)?.[1] ?? "manifest";
    const base = kind.replace(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();
    const times = (used.get(base) ?? 0) + 1;
    used.set(base, times);
    return { name: `${base}${times > 1 ? `-${times}` : ""}.yaml`, text: `${part}\n` };
  });
}

/** Whether a paste was several documents, and has been taken in as files. */
export function pasteSplit(text: string): boolean {
  if (text.length > MOST_BYTES) {
    notice.value = `This text is ${megabytes(text.length)}; the limit is 2 MB. Nothing was changed.`;
    return true;
  }
  const files = splitByKind(text);
  if (!files) return false;
  takeIn(files);
  return true;
}

export function addFile(): void {
  const names = new Set(project.value.files.map(({ name }) => name));
  let number = 1;
  while (names.has(`manifest-${number}.yaml`)) number++;
  const file = { name: `manifest-${number}.yaml`, text: "" };
  change({ ...project.value, files: [...project.value.files, file] });
  activeFile.value = file.name;
}

export function removeFile(name: string): void {
  change({ ...project.value, files: project.value.files.filter((file) => file.name !== name) });
}

export async function formatActive(): Promise<void> {
  const file = project.value.files.find(({ name }) => name === activeFile.value);
  if (!file) return;
  const { formatted } = await import("./documents");
  const made = formatted(file.text);
  if (made.ok) editFile(file.name, made.text, "");
  else notice.value = `${file.name} cannot be formatted: ${made.message}`;
}

export function save(name: string, data: BlobPart, type: string): void {
  const address = URL.createObjectURL(new Blob([data], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** All documents as one stream. */
export function oneText(files: SourceFile[]): string {
  return files.map(({ text }) => text.trimEnd()).join("\n---\n") + "\n";
}

export async function saveZip(files: SourceFile[]): Promise<void> {
  const { strToU8, zipSync } = await import("fflate");
  const entries = Object.fromEntries(files.map(({ name, text }) => [name, strToU8(text)]));
  save("manifests.zip", new Uint8Array(zipSync(entries)), "application/zip");
}
