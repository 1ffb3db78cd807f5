import { describe, expect, it } from "vitest";
import { meant } from "./keys";

const press = (key: string, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, isTyping: false, isDialog: false, ...more });

describe("keys", () => {
  it.each([
    ["Ctrl K", press("k", { ctrlKey: true }), "", "find"],
    ["⌘ K", press("k", { metaKey: true }), "", "find"],
    ["Ctrl K in a field", press("k", { ctrlKey: true, isTyping: true }), "", "find"],
    ["Ctrl K in a dialog", press("k", { ctrlKey: true, isDialog: true }), "", undefined],
    ["Ctrl N", press("n", { ctrlKey: true }), "", undefined],
    ["n", press("n"), "", "newServer"],
    ["n in a field", press("n", { isTyping: true }), "", undefined],
    ["n below a dialog", press("n", { isDialog: true }), "", undefined],
    ["Alt n", press("n", { altKey: true }), "", undefined],
    ["g, then o", press("o"), "g", "overview"],
    ["o alone", press("o"), "", undefined],
    ["g, then n", press("n"), "g", undefined],
    ["?", press("?"), "", "keys"],
  ])("%s", (_, given, first, wanted) => expect(meant(given, first).shortcut).toBe(wanted));

  it("only a key that begins something is waited after", () => {
    expect(meant(press("g"), "").next).toBe("g");
    expect(meant(press("g"), "g").next).toBe("g");
    expect(meant(press("x"), "").next).toBe("");
    expect(meant(press("g", { isTyping: true }), "").next).toBe("");
  });
});
