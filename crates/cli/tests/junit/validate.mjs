// `node validate.mjs schema.xsd report.xml`, run in www, which has the validator: what is wrong, a line each; exit 1.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { validateXML } = createRequire(`${process.cwd()}/`)("xmllint-wasm");
const [schema, report] = process.argv.slice(2).map((path) => readFileSync(path, "utf8"));
const { valid, errors } = await validateXML({ xml: report, schema });
for (const error of errors) console.log(error.rawMessage);
process.exitCode = valid ? 0 : 1;
