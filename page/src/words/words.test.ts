import { describe, expect, it } from "vitest";
import { de } from "./de";
import { en } from "./en";
import { ago, bytes, duration, percent, plural } from "./format";
import { zh } from "./zh";

const SAME = new Set([
  "API", "CPU", "MC Admin", "Port", "Name", "Version", "Server", "Live", "Status", "Admin", "token", "code", "Code", "Token", "Restart", "Ctrl", "Start", "Stop",
]);

/** Each sentence by its place; functions are asked with example values. */
function sentences(part: unknown, place = ""): [string, string][] {
  if (typeof part === "string") return [[place, part]];
  if (typeof part === "function") {
    const speak = part as (...given: unknown[]) => string;
    const facts = { exitCode: "1", isOom: true, restarts: 3, game: "lobby", container: "0123" };
    const given = place.startsWith(".reasons.") ? [facts] : place.endsWith("affected") ? [3, ["Ana", "Ben"]] : [3, 7];
    return [[place, speak(...given)]];
  }
  return Object.entries(part as object).flatMap(([name, value]) => sentences(value, `${place}.${name}`));
}

describe("words", () => {
  it.each([["de", de], ["zh", zh]])("%s has every sentence, and none left in English", (_, words) => {
    const english = new Map(sentences(en));
    const others = sentences(words);
    expect(others.map(([place]) => place)).toEqual([...english.keys()]);
    for (const [place, sentence] of others) {
      expect(sentence, place).not.toBe("");
      if (/[a-z]{4}/i.test(sentence) && !SAME.has(sentence) && !place.endsWith("pageTitle") && !place.endsWith("kind")) {
        expect(sentence, place).not.toBe(english.get(place));
      }
    }
  });
});

describe("figures", () => {
  it("are written as each language writes them", () => {
    expect(bytes(1536 * 1024 * 1024, "en")).toBe("1.5 GB");
    expect(bytes(1536 * 1024 * 1024, "de")).toMatch(/^1,5\sGB$/);
    expect(bytes(0, "en")).toBe("0 byte");
    expect(percent(23.6, "en")).toBe("24%");
    expect(plural(1, "de", { one: "eine", other: "viele" })).toBe("eine");
  });

  it("tell how long ago", () => {
    const now = new Date("2026-11-30T12:00:00Z");
    expect(ago(new Date("2026-11-30T11:57:00Z"), now, "en")).toBe("3 minutes ago");
    expect(ago(new Date("2026-11-30T11:59:50Z"), now, "en")).toBe("");
    expect(ago(new Date("2026-11-28T12:00:00Z"), now, "zh")).toBe("前天");
    expect(duration(new Date("2026-11-30T09:58:00Z"), now, "de")).toMatch(/^2\sStd\.$/);
    expect(duration(new Date("2026-11-30T11:59:50Z"), now, "en")).toBe("");
  });
});
