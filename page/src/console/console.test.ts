import { describe, expect, it } from "vitest";
import { Buffer, fitting } from "./buffer";
import { isAskedFirst, isKept } from "./commands";
import { Feed } from "./feed";
import { breaks, coloured, headLength, levelOf, plain, slice } from "./lines";

const INFO = "[12:00:01] [Server thread/INFO]: Done (5.2s)!";

describe("a line", () => {
  it("tells its level and where its text begins", () => {
    expect(levelOf(INFO)).toBe("");
    expect(INFO.slice(headLength(INFO))).toBe("Done (5.2s)!");
    expect(levelOf("[12:00:01] [Server thread/WARN]: Can't keep up!")).toBe("warn");
    expect(levelOf("[12:00:01 ERROR]: Could not load")).toBe("error");
    expect(levelOf("\tat java.lang.Thread.run")).toBe("");
    expect(headLength("Ana [12:00:01] [x/WARN]: no head")).toBe(0);
  });

  it("keeps colours and nothing else that a terminal knows", () => {
    const raw = "a\u001b[31mred\u001b[0m \u001b[1;92mgreen\u001b[39m.";
    expect(coloured(raw)).toEqual([
      { text: "a", style: "" }, { text: "red", style: "sgr-1" }, { text: " ", style: "" },
      { text: "green", style: "sgr-2" }, { text: ".", style: "" },
    ]);
    expect(plain(raw)).toBe("ared green.");
  });

  it("shows marks where text would be turned round", () => {
    expect(plain("user\u202egnp.exe")).toBe("user\ufffdgnp.exe");
    expect(coloured("a\u2066b")[0]?.text).toBe("a\ufffdb");
  });

  it("breaks where it is full, wide characters counted twice", () => {
    expect(breaks("abcdef", 3)).toEqual([3]);
    expect(breaks("abc", 10)).toEqual([]);
    expect(breaks("你好吗", 4)).toEqual([2]);
    expect(breaks("one two three four", 8)).toEqual([8, 14]);
    expect(breaks("a 12345678901", 6)).toEqual([6, 12]);
    expect(slice(coloured("ab\u001b[31mcd"), 1, 3)).toEqual([{ text: "b", style: "" }, { text: "c", style: "sgr-1" }]);
  });
});

describe("the buffer", () => {
  it("keeps the newest lines and counts those that went", () => {
    const buffer = new Buffer(100);
    for (let index = 0; index < 1000; index += 1) buffer.addText(`line ${index}\n`);
    expect(buffer.rows.length).toBeLessThanOrEqual(100);
    expect(buffer.rows.length + buffer.dropped).toBe(1000);
    expect(buffer.rows.at(-1)?.text).toBe("line 999");
    expect(Number(buffer.rows[0]?.text.slice(5))).toBe(buffer.dropped);
  });

  it("finds by text and level, and never hides a gap", () => {
    const buffer = new Buffer();
    buffer.addText(`${INFO}\n[12:00:02] [x/WARN]: slow\n[12:00:03] [x/ERROR]: broken\n`);
    buffer.add("gap", "3 lines lost", 3);
    expect(fitting(buffer.rows, { text: "", level: "" })).toEqual([0, 1, 2, 3]);
    expect(fitting(buffer.rows, { text: "", level: "warn" })).toEqual([1, 2, 3]);
    expect(fitting(buffer.rows, { text: "BROKEN", level: "error" })).toEqual([2, 3]);
  });
});

describe("the feed", () => {
  const feed = () => new Feed("my srv", "log", () => undefined);

  it("resumes after the last line that it has", () => {
    const one = feed();
    expect(one.url()).toBe("/api/servers/my%20srv/console?source=log");
    one.heard({ type: "log", content: "a\nb\n", seq: 7, epoch: "e1" });
    expect(one.url()).toContain("after=7&epoch=e1");
    one.heard({ type: "log", content: "c\n", seq: 9, epoch: "e1" });
    expect(one.buffer.rows.map((row) => row.text)).toEqual(["a", "b", "c"]);
  });

  it("begins anew with another epoch, and shows what did not come", () => {
    const one = feed();
    one.heard({ type: "log", content: "a\n", seq: 1, epoch: "e1" });
    one.heard({ type: "info", message: "1204 lines lost", lost: 1204, seq: 1205, epoch: "e1" });
    expect(one.buffer.rows.at(-1)).toMatchObject({ kind: "gap", lost: 1204 });
    expect(one.url()).toContain("after=1205");
    one.heard({ type: "log", content: "z\n", seq: 3, epoch: "e2" });
    expect(one.buffer.rows.map((row) => row.text)).toEqual(["z"]);
  });

  it("shows answers and others' commands below each other", () => {
    const one = feed();
    one.heard({ type: "command", username: "olga", command: "list" });
    one.heard({ type: "command_result", command: "list", result: "There are 0\nof 20" });
    expect(one.buffer.rows.map((row) => row.text)).toEqual(["olga ▸ list", "There are 0", "of 20"]);
  });
});

describe("commands", () => {
  it.each(["stop", "/STOP", "minecraft:op ana", "whitelist off", " ban ana"])("%s is asked about", (command) => {
    expect(isAskedFirst(command)).toBe(true);
  });
  it.each(["say stop", "whitelist on", "list", "stopsound @a"])("%s is not", (command) => {
    expect(isAskedFirst(command)).toBe(false);
  });
  it("with a password are not kept", () => {
    expect(isKept("/authme password ana x")).toBe(false);
    expect(isKept("minecraft:login x")).toBe(false);
    expect(isKept("say password")).toBe(true);
  });
});
