// What is worth reading when the last run of a server ended badly.
import type { Row } from "../console/buffer";
import { conditionOf, type Known } from "../ui/status";

const MOST = 8;
const FRAME = /^\s+at |^\s*\.{3} \d+ more/; // of a Java trace: where, and not what

export function endedBadly(server: Known): boolean {
  const condition = conditionOf(server);
  return condition === "crashed" || condition === "loop";
}

/** The last lines that a game printed, without the frames of its traces: those would push out what was said. */
export function lastSaid(rows: readonly Row[], most = MOST): Row[] {
  const found: Row[] = [];
  for (let index = rows.length - 1; index >= 0 && found.length < most; index -= 1) {
    const row = rows[index];
    if (row?.kind === "line" && row.text.trim() !== "" && !FRAME.test(row.text)) found.unshift(row);
  }
  return found;
}
