// Our own lints over src: which room imports which, and no words in the markup. `node scripts/lint.mjs [SRC]`.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { roomFaults } from "./rooms.mjs";
import { textFaults } from "./text.mjs";

const src = process.argv[2] ?? "src";
const rooms = JSON.parse(readFileSync(new URL("../rooms.json", import.meta.url), "utf8"));
const found = readdirSync(src, { recursive: true })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => /\.tsx?$/.test(name) && !name.endsWith(".d.ts"))
  .flatMap((name) => {
    const text = readFileSync(join(src, name), "utf8");
    return [...roomFaults(name, text, rooms), ...textFaults(name, text)];
  });
for (const one of found) console.error(one);
process.exit(found.length > 0 ? 1 : 0);
