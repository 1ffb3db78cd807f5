// Which rows of text are to be drawn: each line of the buffer that fits, broken where the width ends.
import { type Buffer, type Filter, fitting, type Row } from "./buffer";
import { breaks, coloured, headLength, type Part, slice } from "./lines";

const TIME = 8; // characters of 12:00:01

export interface Layout { filter: Filter; columns: number } // columns: 0 breaks nothing

/** What a row shows: of a line's head the time alone. */
export function shownText(row: Row): string {
  const head = row.kind === "line" ? headLength(row.text) : 0;
  return head > 0 ? `${row.text.slice(1, 1 + TIME)} ${row.text.slice(head)}` : row.text;
}

export function shownParts(row: Row, start: number, end: number): Part[] {
  const head = row.kind === "line" ? headLength(row.text) : 0;
  const parts = coloured(row.raw);
  if (head === 0) return slice(parts, start, end);
  const time: Part = { text: `${row.text.slice(1, 1 + TIME)} `, style: "dim" };
  return slice([time, ...slice(parts, head, Number.POSITIVE_INFINITY)], start, end);
}

/** The rows as they are drawn, kept from one look to the next: only what is new is laid out. */
export class Rows {
  lines: number[] = []; // by drawn row: the index of its line in the buffer
  starts: number[] = []; // and its first character there
  private done = 0;
  private dropped = 0;
  private key = "";

  /** Take in what the buffer has; returns how many drawn rows went away at the beginning. */
  update(buffer: Buffer, { filter, columns }: Layout): number {
    const key = `${columns}/${filter.level}/${filter.text}`;
    let gone = 0;
    if (key !== this.key || buffer.dropped !== this.dropped) {
      if (key === this.key) gone = this.before(buffer.dropped - this.dropped);
      this.lines = [];
      this.starts = [];
      this.done = 0;
      this.key = key;
      this.dropped = buffer.dropped;
    }
    for (const index of fitting(buffer.rows, filter, this.done)) {
      const row = buffer.rows[index];
      if (row) this.lay(index, row, columns);
    }
    this.done = buffer.rows.length;
    return gone;
  }

  get length(): number {
    return this.lines.length;
  }

  /** Line, first and last character of a drawn row. */
  at(index: number): { line: number; start: number; end: number } {
    const line = this.lines[index] ?? 0;
    const start = this.starts[index] ?? 0;
    const end = this.lines[index + 1] === line ? this.starts[index + 1] ?? start : Number.POSITIVE_INFINITY;
    return { line, start, end };
  }

  private lay(index: number, row: Row, columns: number): void {
    this.lines.push(index);
    this.starts.push(0);
    if (columns <= 0) return;
    for (const start of breaks(shownText(row), columns)) {
      this.lines.push(index);
      this.starts.push(start);
    }
  }

  private before(lines: number): number {
    const found = this.lines.findIndex((line) => line >= lines);
    return found < 0 ? this.lines.length : found;
  }
}
