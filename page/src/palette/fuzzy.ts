// How well a text fits what was typed: letters in their order, those at the beginning of words first.

/** Return 0 where it does not fit, else more the better it does. Each word that was typed must be found. */
export function fitness(typed: string, text: string): number {
  const words = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return 1;
  let total = 0;
  for (const word of words) {
    const found = fitnessOfWord(word, text.toLocaleLowerCase());
    if (found === 0) return 0;
    total += found;
  }
  return total / words.length;
}

function fitnessOfWord(word: string, text: string): number {
  const at = text.indexOf(word);
  if (at === 0) return 100;
  if (at > 0) return isStart(text, at) ? 90 : 60;
  let points = 0;
  let from = 0;
  for (const letter of word) {
    const next = later(letter, text, from);
    if (next < 0) return 0;
    points += isStart(text, next) || (next === from && from > 0) ? 1 : 0;
    from = next + 1;
  }
  return 1 + (40 * points) / word.length;
}

/** Where the letter comes next, at the beginning of a word if it does anywhere. */
function later(letter: string, text: string, from: number): number {
  if (text.startsWith(letter, from)) return from;
  for (let at = from; at < text.length; at++) if (text.startsWith(letter, at) && isStart(text, at)) return at;
  return text.indexOf(letter, from);
}

function isStart(text: string, at: number): boolean {
  return at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1] ?? "");
}

/** Return those that fit, the best first; of equals, the one that came first. */
export function best<T extends { label: string }>(typed: string, all: T[]): T[] {
  return all
    .map((one) => ({ one, points: fitness(typed, one.label) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points)
    .map(({ one }) => one);
}
