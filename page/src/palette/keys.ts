// Which keys do what. Single keys are for whoever types nothing; all of them can be switched off.
export const KEYS = [
  ["Mod k", "find"], ["?", "keys"], ["/", "search"], ["g o", "overview"], ["g a", "activity"], ["g m", "me"], ["n", "newServer"], ["c", "command"],
] as const;

export type Shortcut = (typeof KEYS)[number][1];

export interface Press { key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean; isTyping: boolean; isDialog: boolean }

/** What a press means after `first`, the key before it; `next` is what the press after it may follow. */
export function meant(press: Press, first: string): { shortcut?: Shortcut; next: string } {
  const { key, ctrlKey, metaKey, altKey, isTyping, isDialog } = press;
  if (isDialog || altKey) return { next: "" };
  if (ctrlKey || metaKey) return { shortcut: ctrlKey !== metaKey && key.toLowerCase() === "k" ? "find" : undefined, next: "" };
  if (isTyping) return { next: "" };
  const typed = first ? `${first} ${key}` : key;
  const found = KEYS.find(([keys]) => keys === typed);
  if (found) return { shortcut: found[1], next: "" };
  return { next: KEYS.some(([keys]) => keys.startsWith(`${key} `)) ? key : "" };
}
