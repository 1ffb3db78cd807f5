import { describe, expect, it } from "vitest";
import { Buffer } from "../console/buffer";
import { endedBadly, lastSaid } from "./happened";

const texts = (content: string, most?: number) => {
  const buffer = new Buffer();
  buffer.addText(content);
  buffer.add("note", "Docker says something.");
  return lastSaid(buffer.rows, most).map((row) => row.text);
};

describe("the last lines of a run", () => {
  it("are those that say something", () => {
    expect(texts("[12:00:00 ERROR]: Failed\njava.lang.Error: no\n\tat a.B.c(B.java:1)\n\t... 7 more\n\nbye\n")).toEqual(["[12:00:00 ERROR]: Failed", "java.lang.Error: no", "bye"]);
  });

  it("are bounded, and the newest", () => {
    expect(texts(Array.from({ length: 40 }, (_, number) => `line ${number}`).join("\n"), 2)).toEqual(["line 38", "line 39"]);
    expect(texts("")).toEqual([]);
  });
});

describe("a run that ended badly", () => {
  it.each([
    ["CREATED", "crashed", true], ["CREATED", "oom_killed", true], ["CREATED", "start_failed", true], ["RUNNING", "crash_loop", true],
    ["CREATED", "ended", false], ["RUNNING", "unhealthy", false], ["HEALTHY", null, false],
  ] as const)("%s, %s: %s", (status, statusReasonCode, isBad) => {
    expect(endedBadly({ status, statusReasonCode })).toBe(isBad);
  });
});
