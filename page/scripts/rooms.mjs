// Which room of src may import which other one: rooms.json says it, a screen knows no sibling but those named there.
import { posix } from "node:path";

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*)["'](\.[^"']+)["']/g;
const OF_TYPES = /\bimport type [^;]*?from\s*["'][^"']+["']/g; // words are spoken of things, whose types they may know
const LOW = ["prefs", "words", "api", "live", "ui"];

/** The room of a file below src: its folder, or `prefs`; nothing for what stands at the top. */
export function roomOf(path) {
  const [first, ...rest] = path.split("/");
  if (rest.length > 0) return first;
  return /^prefs(\.|$)/.test(first) ? "prefs" : null;
}

/** What one file imports against the rules; `path` is relative to src. */
export function roomFaults(path, text, rooms) {
  const room = roomOf(path);
  if (!room || path.includes(".test.")) return [];
  const allowed = LOW.includes(room) ? rooms[room] : [...rooms.screens, ...(rooms.besides[room] ?? [])];
  const found = [];
  for (const [, target] of (room === "words" ? text.replace(OF_TYPES, "") : text).matchAll(IMPORT)) {
    const whole = posix.join(posix.dirname(path), target);
    const other = roomOf(whole) ?? (whole.includes("/") ? null : whole.replace(/\..*$/, ""));
    if (other && other !== room && !allowed.includes(other)) {
      found.push(`src/${path}: ${room} must not import ${other} (${target}); rooms.json says which rooms it may`);
    }
  }
  return found;
}
