// Write src/api/schema.d.ts: the types of those addresses of the API that the page uses, listed in src/api/used.json.
// The API's document comes on stdin. With --check nothing is written; it fails where the file would be another one.
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const FILE = new URL("../src/api/schema.d.ts", import.meta.url);
const used = JSON.parse(readFileSync(new URL("../src/api/used.json", import.meta.url), "utf8"));
let given = "";
for await (const part of process.stdin.setEncoding("utf8")) given += part; // a pipe may be slow
const whole = JSON.parse(given);

const paths = {};
for (const [path, methods] of Object.entries(used)) {
  paths[path] = {};
  for (const method of methods) {
    if (!whole.paths[path]?.[method]) throw new Error(`The API has no ${method} ${path}.`);
    paths[path][method] = whole.paths[path][method];
  }
}
const schemas = {};
const take = (part) => {
  for (const [, name] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    if (name in schemas) continue;
    schemas[name] = whole.components.schemas[name];
    take(schemas[name]);
  }
};
take(paths);
const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
for (const methods of Object.values(paths)) for (const one of Object.values(methods)) delete one.security;
const text = astToString(await openapiTS({ openapi: whole.openapi, info: whole.info, paths, components: { schemas: sorted } }));
const made = `// Made by \`make page-schema\` out of the API's own document. Change nothing here.\n${text}`;
if (process.argv.includes("--check")) {
  if (readFileSync(FILE, "utf8") !== made) {
    console.error("src/api/schema.d.ts is not what the API's document says: make page-schema");
    process.exit(1);
  }
} else {
  writeFileSync(FILE, made);
}
