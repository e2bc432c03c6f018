/** A way to change documents of one kind in their files, comments and all. */
import { type Document, parseAllDocuments, parseDocument } from "yaml";
import type { SourceFile } from "../core/types";

export interface Doc { file: string; index: number; document: Document }

/** All documents of a kind that can be read. */
export function documentsOf(files: SourceFile[], kind: string): Doc[] {
  return files.flatMap((file) => {
    if (!file.text.includes(`kind: ${kind}`)) return [];
    return parse(file.text).flatMap((document, index) => (document.errors.length === 0 && document.get("kind") === kind ? [{ file: file.name, index, document }] : []));
  });
}

function parse(text: string): Document[] {
  const documents = parseAllDocuments(text);
  return Array.isArray(documents) ? documents : [];
}

export function write(document: Document): string {
  return document.toString({ lineWidth: 0, indentSeq: false, flowCollectionPadding: false });
}

/** Files with one document of a kind changed; the same files if there is none. */
export function editDocument(files: SourceFile[], kind: string, edit: (document: Document) => void): SourceFile[] {
  const found = documentsOf(files, kind)[0];
  if (!found) return files;
  return files.map((file) => {
    if (file.name !== found.file) return file;
    const documents = parse(file.text);
    const own = documents[found.index];
    if (!own) return file;
    edit(own);
    const texts = documents.map((document) => write(document).replace(/^---\n/, ""));
    return { name: file.name, text: texts.join("---\n") };
  });
}

/** A text as people write manifests, or the first mistake in it. */
export function formatted(text: string): { ok: true; text: string } | { ok: false; message: string } {
  const documents = parse(text);
  const broken = documents.flatMap(({ errors }) => errors)[0];
  if (broken) return { ok: false, message: broken.message.split("\n")[0] ?? "" };
  const texts = documents.map(write);
  const [only = text] = texts;
  return { ok: true, text: texts.length > 1 ? texts.map((part) => part.replace(/^---\n/, "")).join("---\n") : only };
}

export function plain(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** A value in block style, as people write manifests. */
export function made(value: unknown): string {
  const document = parseDocument("{}");
  document.contents = document.createNode(value) as typeof document.contents;
  return write(document);
}
