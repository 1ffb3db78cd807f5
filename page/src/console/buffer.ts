// The lines of one console that are kept: a bounded list that tells when it changed.
import { type Level, levelOf, plain } from "./lines";

export type RowKind = "line" | "gap" | "note" | "command" | "result";
export interface Row { kind: RowKind; raw: string; text: string; level: Level; lost: number }

export const MOST_LINES = 100_000;
export const MOST_CHARACTERS = 16 * 1024 * 1024; // 32 MiB of memory
const DROP = 5000; // at once, so that dropping is rare

export class Buffer {
  rows: Row[] = [];
  dropped = 0; // rows that are gone from the beginning; a row's number is its index plus this
  version = 0;
  private characters = 0;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly most = MOST_LINES) {}

  addText(content: string): void {
    const lines = content.split("\n");
    if (lines.at(-1) === "") lines.pop();
    for (const raw of lines) {
      const text = plain(raw);
      this.push({ kind: "line", raw, text, level: levelOf(text), lost: 0 });
    }
    this.bound();
  }

  add(kind: Exclude<RowKind, "line">, text: string, lost = 0): void {
    for (const raw of text.split("\n")) this.push({ kind, raw, text: plain(raw), level: "", lost });
    this.bound();
  }

  clear(): void {
    this.dropped += this.rows.length;
    this.rows = [];
    this.characters = 0;
    this.changed();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): number => this.version;

  private push(row: Row): void {
    this.rows.push(row);
    this.characters += row.raw.length;
  }

  private bound(): void {
    while (this.rows.length > this.most || this.characters > MOST_CHARACTERS) {
      const gone = this.rows.splice(0, Math.max(1, Math.min(DROP, this.rows.length - this.most + Math.ceil(this.most / 20))));
      this.dropped += gone.length;
      for (const row of gone) this.characters -= row.raw.length;
    }
    this.changed();
  }

  private changed(): void {
    this.version += 1;
    for (const listener of this.listeners) listener();
  }
}

export interface Filter { text: string; level: "" | "warn" | "error" }

/** The indexes of the rows that fit; notes and gaps always do. */
export function fitting(rows: Row[], filter: Filter, from = 0): number[] {
  const wanted = filter.text.toLowerCase();
  const found: number[] = [];
  for (let index = from; index < rows.length; index += 1) {
    const row = rows[index];
    if (!row) continue;
    const isLevel = filter.level === "" || row.kind !== "line" || row.level === "error" || row.level === filter.level;
    if (isLevel && (wanted === "" || row.kind === "gap" || row.text.toLowerCase().includes(wanted))) found.push(index);
  }
  return found;
}
