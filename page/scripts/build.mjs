// Build the page, then write .br and .gz beside each file that is worth it: the panel sends them as they are.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "vite";

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
