// What this browser keeps: look, language, whether keys are on, the last commands. Never anything secret. The only file that may keep things.
import { useSyncExternalStore } from "react";

const PREFIX = "mcadmin:";
const listeners = new Set<() => void>();

export type Look = "system" | "light" | "dark";
export const LANGUAGES = ["en", "de", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

function read(name: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name) ?? "null");
  } catch {
    return null; // switched off, or written by somebody else
  }
}

function write(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Full or switched off: it counts until the tab is closed no longer than that.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

export function look(): Look {
  const value = read("look");
  return value === "light" || value === "dark" ? value : "system";
}

export function setLook(value: Look): void {
  write("look", value);
  if (value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
}

export function language(): Language {
  const kept = LANGUAGES.find((one) => one === read("language"));
  return kept ?? LANGUAGES.find((one) => navigator.language.toLowerCase().startsWith(one)) ?? "en";
}

export function setLanguage(value: Language): void {
  write("language", value);
}

export function useLook(): Look {
  return useSyncExternalStore(subscribe, look);
}

export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, language);
}

/** Whether keys do something by themselves; they do until somebody switches that off. */
export function shortcuts(): boolean {
  return read("shortcuts") !== false;
}

export function setShortcuts(isOn: boolean): void {
  write("shortcuts", isOn);
}

export function useShortcuts(): boolean {
  return useSyncExternalStore(subscribe, shortcuts);
}

const HISTORY_LENGTH = 200;

/** The last commands to a server, the latest at the end. */
export function commandHistory(serverId: string): string[] {
  const kept = read(`history:${serverId}`);
  return Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : [];
}

export function addToHistory(serverId: string, command: string): void {
  const others = commandHistory(serverId).filter((one) => one !== command);
  write(`history:${serverId}`, [...others, command].slice(-HISTORY_LENGTH));
}

/** Nothing of one person is left for the next one who signs in here; look and language stay. */
export function forgetPerson(): void {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(`${PREFIX}history:`)) localStorage.removeItem(key);
    }
  } catch {
    // There is no storage, so nothing was kept.
  }
}
