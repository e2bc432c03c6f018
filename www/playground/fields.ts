/**
 * What may stand under each path of a manifest, with a sentence each: taken from the schemas of the core's own types when the
 * page is built, so that completion and hover never say what the reader does not know.
 */
import { existsSync, readFileSync } from "node:fs";
import type { Plugin } from "vite";

interface Schema {
  $ref?: string;
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
}
type Definitions = Record<string, Schema>;
type Fields = Record<string, Record<string, Record<string, string>>>;

const NAME = "virtual:fields";
const SCHEMA = new URL("../sdk/src/generated/api.schema.json", import.meta.url);
const METADATA = { name: "Unique in its namespace and kind.", namespace: "Unset: default.", labels: "For selectors.", annotations: "Free text." };
const DOCUMENT = { apiVersion: "Group and version of the kind.", kind: "What this document is.", metadata: "Name and namespace.", spec: "The contents." };

export function fields(): Plugin {
  return {
    name: "fields",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load: (id) => (id === `\0${NAME}` ? `export const FIELDS = ${JSON.stringify(collect())};` : undefined),
  };
}

function collect(): Fields {
  if (!existsSync(SCHEMA)) throw new Error("the schemas are not built yet: run `cargo xtask www`");
  const { $defs } = JSON.parse(readFileSync(SCHEMA, "utf8")) as { $defs: Definitions };
  const all: Fields = {};
  for (const { properties } of $defs["ParsedObject"]?.oneOf ?? []) {
    const kind = properties?.["kind"]?.const;
    const spec = properties?.["spec"];
    if (typeof kind !== "string" || !spec) continue;
    const paths: Record<string, Record<string, string>> = { "": DOCUMENT, metadata: METADATA };
    walk($defs, spec, ["spec"], [], paths);
    all[kind] = paths;
  }
  return all;
}

/** The objects a schema may be: through references, choices and lists. */
function objects(definitions: Definitions, schema: Schema, seen: string[]): [Schema, string[]][] {
  if (schema.$ref) {
    const name = schema.$ref.replace("#/$defs/", "");
    const next = definitions[name];
    return next && !seen.includes(name) ? objects(definitions, next, [...seen, name]) : [];
  }
  const nested = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.items ? [schema.items] : [])];
  return [...(schema.properties ? [[schema, seen] as [Schema, string[]]] : []), ...nested.flatMap((part) => objects(definitions, part, seen))];
}

function walk(definitions: Definitions, schema: Schema, path: string[], seen: string[], paths: Record<string, Record<string, string>>): void {
  for (const [{ properties = {} }, met] of objects(definitions, schema, seen)) {
    for (const [name, field] of Object.entries(properties)) {
      (paths[path.join(".")] ??= {})[name] = [field.description?.replaceAll("`", ""), choices(definitions, field)].filter(Boolean).join(" ");
      walk(definitions, field, [...path, name], met, paths);
    }
  }
}

/** The words a field may have, if they are few. */
function choices(definitions: Definitions, { $ref, anyOf, enum: words, oneOf }: Schema): string {
  const values = words ?? oneOf?.flatMap((part) => (part.const === undefined ? [] : [part.const]));
  if (values && values.length > 0) return `One of ${values.join(", ")}.`;
  const next = $ref ? definitions[$ref.replace("#/$defs/", "")] : anyOf?.find((part) => part.$ref !== undefined);
  return next ? choices(definitions, next) : "";
}
