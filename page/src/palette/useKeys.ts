import { useEffect, useRef } from "react";
import { useShortcuts } from "../prefs";
import { meant, type Shortcut } from "./keys";

const WAIT_MS = 1500; // for the second key of two
const FIELDS = "input, textarea, select, [contenteditable]";

/** Call `onShortcut` when the keys of one are pressed, as long as they are switched on. */
export function useKeys(onShortcut: (shortcut: Shortcut) => void): void {
  const isOn = useShortcuts();
  const latest = useRef(onShortcut);
  useEffect(() => {
    latest.current = onShortcut;
  });
  useEffect(() => {
    if (!isOn) return;
    let first = "";
    let since = 0;
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat || event.key === "Shift") return;
      const { key, ctrlKey, metaKey, altKey, target, timeStamp } = event;
      const isTyping = event.isComposing || (target instanceof Element && target.closest(FIELDS) !== null);
      const isDialog = document.querySelector('[role="dialog"]') !== null;
      const { shortcut, next } = meant({ key, ctrlKey, metaKey, altKey, isTyping, isDialog }, timeStamp - since < WAIT_MS ? first : "");
      first = next;
      since = timeStamp;
      if (!shortcut) return;
      event.preventDefault();
      latest.current(shortcut);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [isOn]);
}
