import { expect, it } from "vitest";
import { Buffer } from "./buffer";
import { Rows, shownParts, shownText } from "./rows";

const ALL = { text: "", level: "" } as const;

function filled(...lines: string[]): Buffer {
  const buffer = new Buffer(4);
  buffer.addText(`${lines.join("\n")}\n`);
  return buffer;
}

it("of a head only the time is shown, and the text keeps its colours", () => {
  const row = filled("[12:00:01] [Server thread/INFO]: a\u001b[31mb").rows[0];
  if (!row) throw new Error("no row");
  expect(shownText(row)).toBe("12:00:01 ab");
  expect(shownParts(row, 0, 99)).toEqual([{ text: "12:00:01 ", style: "dim" }, { text: "a", style: "" }, { text: "b", style: "sgr-1" }]);
  expect(shownParts(row, 9, 10)).toEqual([{ text: "a", style: "" }]);
});

it("a long line is several rows, and new lines are added to what was laid out", () => {
  const buffer = filled("abcdef", "x");
  const rows = new Rows();
  rows.update(buffer, { filter: ALL, columns: 4 });
  expect(rows.lines).toEqual([0, 0, 1]);
  expect(rows.at(0)).toEqual({ line: 0, start: 0, end: 4 });
  expect(rows.at(1).start).toBe(4);
  buffer.addText("y\n");
  expect(rows.update(buffer, { filter: ALL, columns: 4 })).toBe(0);
  expect(rows.lines).toEqual([0, 0, 1, 2]);
});

it("tells how many rows went away, so that the eye stays where it was", () => {
  const buffer = filled("abcdef", "b", "c", "d");
  const rows = new Rows();
  rows.update(buffer, { filter: ALL, columns: 4 });
  buffer.addText("e\n");
  expect(buffer.dropped).toBeGreaterThan(0);
  expect(rows.update(buffer, { filter: ALL, columns: 4 })).toBe(buffer.dropped + 1);
});
