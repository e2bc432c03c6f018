// TypeScript types from the JSON Schema that the Rust types gave. `--check` compares instead of writing.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const source = join(dirname(dirname(fileURLToPath(import.meta.url))), "src");
const schema = JSON.parse(readFileSync(join(source, "generated/api.schema.json"), "utf8"));

/** A reference with a description of its own would become a copy of the type, named `Type1`. */
function wrapReferences(node) {
  if (Array.isArray(node)) return node.map(wrapReferences);
  if (node === null || typeof node !== "object") return node;
  const { $ref, ...rest } = node;
  const inner = Object.fromEntries(Object.entries(rest).map(([key, it]) => [key, wrapReferences(it)]));
  if ($ref === undefined) return inner;
  return Object.keys(rest).length === 0 ? { $ref } : { ...inner, allOf: [{ $ref }] };
}

/** What an object is besides its own fields gets a name: `Event` is its time and an `EventKind`. */
function nameVariants(definitions) {
  return Object.fromEntries(
    Object.entries(definitions).flatMap(([name, { oneOf, description, ...own }]) => {
      if (!oneOf || !own.properties) return [[name, definitions[name]]];
      const kind = `${name}Kind`;
      const whole = { description, allOf: [own, { $ref: `#/$defs/${kind}` }] };
      return [[name, whole], [kind, { oneOf }]];
    }),
  );
}

const wrapped = { ...schema, $defs: wrapReferences(nameVariants(schema.$defs)) };
const text = await compile(wrapped, "Api", {
  additionalProperties: false,
  bannerComment: "// Generated from the Rust types of crates/core by `cargo xtask www --types`; do not edit.",
  style: { printWidth: 100 },
  unknownAny: true,
  unreachableDefinitions: true,
});
const types = text
  // The schema is a bag of definitions: its own type says nothing, nor does it that a type is in it.
  .replace(/^export interface Api \{[^}]*\}\n/m, "")
  .replace(/^ \*\n \* This interface was referenced by `Api`'s JSON-Schema\n \* via the `definition` "\w+"\.\n/gm, "")
  .replace(/^\/\*\*\n \* This interface was referenced by `Api`'s JSON-Schema\n \* via the `definition` "\w+"\.\n \*\/\n/gm, "");
if (/\bany\b/.test(types.replace(/\/\*[^]*?\*\//g, ""))) throw new Error("a generated type is `any`");
const doubled = /^export (?:interface|type) (\w+\d)\b/m.exec(types);
if (doubled) throw new Error(`the generated type ${doubled[1]} is a copy of another`);

const path = join(source, "types.ts");
if (!process.argv.includes("--check")) {
  writeFileSync(path, types);
} else if (readFileSync(path, "utf8") !== types) {
  console.error("src/types.ts is not what the Rust types give");
  process.exit(1);
}
