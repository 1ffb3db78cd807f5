// What a build sends, held against size.json: the first load as a browser takes it, and each chunk that comes later.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const NAMED = /<(?:script|link)\b[^>]*?\b(?:src|href)="\/([^"]+)"/g;

/** How large a file is on its way: its packed form where there is one. */
export function sent(folder, name, ending) {
  const packed = join(folder, name + ending);
  return statSync(existsSync(packed) ? packed : join(folder, name)).size;
}

/** The first load (the index and all that it names) and the chunks that come later, in bytes. */
export function measure(folder) {
  const first = ["index.html", ...[...readFileSync(join(folder, "index.html"), "utf8").matchAll(NAMED)].map(([, name]) => name)];
  const sizes = (name) => ({ name, gzip: sent(folder, name, ".gz"), brotli: sent(folder, name, ".br") });
  const later = readdirSync(join(folder, "assets"))
    .filter((name) => /\.(js|css)$/.test(name) && !first.includes(`assets/${name}`));
  return { first: first.map(sizes), later: later.map((name) => sizes(`assets/${name}`)) };
}

const sum = (files, kind) => files.reduce((total, one) => total + one[kind], 0);
const kB = (bytes) => `${(bytes / 1024).toFixed(1)} kB`;

/** What is larger than it may be, in sentences. */
export function overBudget({ first, later }, budget) {
  const found = [];
  const total = sum(first, "gzip");
  if (total > budget.firstLoad * 1024) found.push(`The first load is ${kB(total)} of gzip; its budget is ${budget.firstLoad} kB.`);
  if (first.length > budget.requests) found.push(`The first load takes ${first.length} requests; its budget is ${budget.requests}.`);
  for (const { name, gzip } of later) {
    const [, limit] = Object.entries(budget.chunks).find(([pattern]) => new RegExp(pattern).test(name.replace("assets/", "")));
    if (gzip > limit * 1024) found.push(`${name} is ${kB(gzip)} of gzip; its budget is ${limit} kB.`);
  }
  return found;
}

/** Print what is used; say false where a budget is not kept. */
export function judge(folder) {
  const measured = measure(folder);
  const { first, later } = measured;
  const rows = [
    ...first, { name: `first load, ${first.length} requests`, gzip: sum(first, "gzip"), brotli: sum(first, "brotli") }, ...later,
  ];
  for (const { name, gzip, brotli } of rows) console.log(`${name.padEnd(36)} ${kB(gzip).padStart(9)} gzip ${kB(brotli).padStart(9)} brotli`);
  const found = overBudget(measured, JSON.parse(readFileSync(new URL("../size.json", import.meta.url), "utf8")));
  for (const one of found) console.error(`${one} page/size.json holds the budgets.`);
  return found.length === 0;
}

if (process.argv[1]?.endsWith("size.mjs") && !judge("dist")) process.exit(1);
