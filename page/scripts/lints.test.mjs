// @vitest-environment node
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { roomFaults } from "./rooms.mjs";
import { measure, overBudget } from "./size.mjs";
import { textFaults } from "./text.mjs";

const rooms = JSON.parse(readFileSync("rooms.json", "utf8"));

it.each([
  ["ui/Button.tsx", "../servers/Acts", "ui must not import servers"],
  ["setup/SetupScreen.tsx", "../account/PasswordForm", "setup must not import account"],
  ["console/rows.ts", "../servers/first", "console must not import servers"],
  ["live/live.tsx", "../ui/Button", "live must not import ui"],
  ["api/client.ts", "../live/live", "api must not import live"],
  ["words/en.ts", "../ui/reason", "words must not import ui"],
  ["prefs.ts", "./ui/status", "prefs must not import ui"],
  ["overview/X.tsx", "../routes", "overview must not import routes"],
])("%s may not import %s", (path, target, said) => {
  for (const text of [`import { a } from "${target}";`, `export * from '${target}';`, `import(  "${target}")`, `import "${target}";`]) {
    expect(roomFaults(path, text, rooms).join()).toContain(said);
  }
});

it.each([
  ["ui/Button.tsx", "../words"], ["servers/X.tsx", "../console/Console"], ["servers/X.tsx", "./Acts"], ["routes.tsx", "./servers/ServerScreen"],
  ["servers/X.tsx", "../prefs"], ["servers/x.test.ts", "../account/agents"], ["account/MeScreen.tsx", "../palette/KeyList"],
])("%s may import %s", (path, target) => {
  expect(roomFaults(path, `import { a } from "${target}";`, rooms)).toEqual([]);
});

it("lets words know the types of all", () => {
  expect(roomFaults("words/en.ts", 'import type { Reason } from "../ui/reason";\nimport { a } from "../prefs";', rooms)).toEqual([]);
  expect(roomFaults("ui/Button.tsx", 'import type { Act } from "../servers/Acts";', rooms)).toHaveLength(1);
});

it.each([
  "<p>Hello there</p>", '<p>{"Hello"}</p>', "<p>{isOn ? `Yes` : words.no}</p>", "<p>{isOn && 'Yes'}</p>", '<a title="Close">×</a>',
  "<input placeholder={'Find'} />", `<b aria-label={\`\${count} players\`} />`, "<p>{count + ' lines'}</p>", "<>你好</>", "<Field label='Port' />",
  "<p>{words.a ?? 'none'}</p>",
])("finds the words in %s", (markup) => {
  expect(textFaults("a/A.tsx", `const a = ${markup};`)).toHaveLength(1);
});

it.each([
  "<p>{words.hello}</p>", "<p className='a wide'>–</p>", "<p> · {a}</p>", "<p>MC Admin</p>", "<a title={words.close}>×</a>",
  "<p>{say('key')}</p>", "<p>{kind === 'wide' && a}</p>", `<p>{\`\${a}/\${b}\`}</p>`, "<input type='text' name='port' />",
])("finds none in %s", (markup) => {
  expect(textFaults("a/A.tsx", `const a = ${markup};`)).toEqual([]);
});

it("measures what the index names, packed where it is, and says what is over budget", () => {
  const folder = mkdtempSync(join(tmpdir(), "size-"));
  mkdirSync(join(folder, "assets"));
  const write = (name, bytes) => writeFileSync(join(folder, name), "x".repeat(bytes));
  writeFileSync(join(folder, "index.html"), '<script src="/theme.js"></script><link rel="stylesheet" href="/assets/a.css">');
  for (const [name, bytes] of [["theme.js", 100], ["assets/a.css", 9000], ["assets/a.css.gz", 3000], ["assets/de-1.js", 2000], ["assets/b-2.js", 5000]]) write(name, bytes);
  const measured = measure(folder);
  expect(measured.first.map(({ name, gzip }) => [name, gzip])).toEqual([["index.html", 77], ["theme.js", 100], ["assets/a.css", 3000]]);
  expect(measured.later.map(({ name }) => name).sort()).toEqual(["assets/b-2.js", "assets/de-1.js"]);
  const roomy = { firstLoad: 4, requests: 3, chunks: { "^de-": 2, ".": 5 } };
  expect(overBudget(measured, roomy)).toEqual([]);
  expect(overBudget(measured, { ...roomy, firstLoad: 3 })).toEqual(["The first load is 3.1 kB of gzip; its budget is 3 kB."]);
  expect(overBudget(measured, { ...roomy, requests: 2 })).toEqual(["The first load takes 3 requests; its budget is 2."]);
  expect(overBudget(measured, { ...roomy, chunks: { "^de-": 1, ".": 5 } })).toEqual(["assets/de-1.js is 2.0 kB of gzip; its budget is 1 kB."]);
  expect(overBudget(measured, { ...roomy, chunks: { ".": 4 } })).toEqual(["assets/b-2.js is 4.9 kB of gzip; its budget is 4 kB."]);
});
