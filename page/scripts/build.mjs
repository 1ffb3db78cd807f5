// Build the page, then write .br and .gz beside each file that is worth it: the panel sends them as they are.
// A build that is over the budgets of size.json fails.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "vite";
import { measure, overBudget } from "./size.mjs";

const LEAST_BYTES = 512;
const WORTH_IT = /\.(html|js|css|svg|webmanifest)$/;

await build({ logLevel: "warn" });
for (const name of readdirSync("dist", { recursive: true })) {
  const path = join("dist", name);
  if (!WORTH_IT.test(name) || statSync(path).size < LEAST_BYTES) continue;
  const text = readFileSync(path);
  writeFileSync(`${path}.gz`, gzipSync(text, { level: 9 }));
  writeFileSync(`${path}.br`, brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
}

const found = overBudget(measure("dist"), JSON.parse(readFileSync("size.json", "utf8")));
for (const one of found) console.error(`${one} npm run size shows all.`);
if (found.length > 0) process.exit(1);
