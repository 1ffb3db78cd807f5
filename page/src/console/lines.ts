// What a line of a game's log consists of: time, thread, level, and text with the colours of a terminal.
export type Level = "warn" | "error" | "";

export interface Part { text: string; style: string }
export interface Line { head: string; level: Level; parts: Part[] }

const HEAD = /^\[(\d\d:\d\d:\d\d)(?:\]? \[?([^\]]*?))?\/?(TRACE|DEBUG|INFO|WARN|ERROR|FATAL|SEVERE)\]:? ?/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what begins a colour
const SGR = /\u001b\[([\d;]*)m/g;
// They change the order of what stands beside them: a name could hide what it is.
const BIDI = /[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/g;
const BASE = 30;
const BRIGHT = 90;

/** The text without colours, with marks in place of characters that would change the order of others. */
export function plain(raw: string): string {
  return raw.replace(SGR, "").replace(BIDI, "\ufffd");
}

export function levelOf(text: string): Level {
  const level = HEAD.exec(text)?.[3];
  if (level === "WARN") return "warn";
  return level === "ERROR" || level === "FATAL" || level === "SEVERE" ? "error" : "";
}

/** How many characters at the beginning are time, thread and level. */
export function headLength(text: string): number {
  return HEAD.exec(text)?.[0].length ?? 0;
}

/** The pieces of a raw line, each of one colour; "" is the text's own. */
export function coloured(raw: string): Part[] {
  const parts: Part[] = [];
  let style = "";
  let at = 0;
  const add = (text: string) => {
    const shown = text.replace(BIDI, "\ufffd");
    if (shown) parts.push({ text: shown, style });
  };
  for (const match of raw.matchAll(SGR)) {
    add(raw.slice(at, match.index));
    style = styleAfter(style, match[1] ?? "");
    at = match.index + match[0].length;
  }
  add(raw.slice(at));
  return parts;
}

function styleAfter(before: string, codes: string): string {
  let style = before;
  for (const code of codes.split(";").map(Number)) {
    const colour = code >= BRIGHT ? code - BRIGHT : code - BASE;
    if (code === 0 || code === 39) style = "";
    else if (colour >= 0 && colour < 8) style = `sgr-${colour}`;
  }
  return style;
}

/** The part of `parts` from `start` to `end`, counted in characters. */
export function slice(parts: Part[], start: number, end: number): Part[] {
  const found: Part[] = [];
  let at = 0;
  for (const part of parts) {
    const text = part.text.slice(Math.max(0, start - at), Math.max(0, end - at));
    if (text) found.push({ text, style: part.style });
    at += part.text.length;
  }
  return found;
}

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u;

/** Where a line breaks when `columns` characters fit: the first character of each further row, after a space if there is one. */
export function breaks(text: string, columns: number): number[] {
  const found: number[] = [];
  if (text.length * 2 <= columns) return found;
  let used = 0;
  let at = 0;
  let word = 0; // where the present word begins, and how much stood before it
  let before = 0;
  for (const character of text) {
    const width = WIDE.test(character) ? 2 : 1;
    if (used + width > columns) {
      const start = found.at(-1) ?? 0;
      const isWhole = word > start && before > columns / 2; // a long word is broken all the same
      found.push(isWhole ? word : at);
      used = isWhole ? used - before : 0;
      before = 0;
    }
    used += width;
    at += character.length;
    if (character === " ") {
      word = at;
      before = used;
    }
  }
  return found;
}
