// Numbers, sizes and times as each language writes them.
import type { Language } from "../prefs";

export const TAGS: Record<Language, string> = { en: "en-GB", de: "de-DE", zh: "zh-CN" };
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
const STEP = 1024;

export function bytes(value: number, language: Language): string {
  const power = value < 1 ? 0 : Math.min(Math.floor(Math.log(value) / Math.log(STEP)), UNITS.length - 1);
  const shown = value / STEP ** power;
  return new Intl.NumberFormat(TAGS[language], {
    style: "unit", unit: UNITS[power] ?? "byte", unitDisplay: "short", maximumFractionDigits: shown < 10 && power > 0 ? 1 : 0,
  }).format(shown);
}

export function percent(value: number, language: Language): string {
  return new Intl.NumberFormat(TAGS[language], { style: "percent", maximumFractionDigits: 0 }).format(value / 100);
}

export function number(value: number, language: Language): string {
  return new Intl.NumberFormat(TAGS[language]).format(value);
}

const SPANS: ["day" | "hour" | "minute", number][] = [["day", 86400], ["hour", 3600], ["minute", 60]];

/** How long ago something was; "" for less than a minute. */
export function ago(then: Date, now: Date, language: Language): string {
  const seconds = Math.round((then.getTime() - now.getTime()) / 1000);
  const words = new Intl.RelativeTimeFormat(TAGS[language], { numeric: "auto", style: "long" });
  for (const [unit, length] of SPANS) {
    if (Math.abs(seconds) >= length) return words.format(Math.trunc(seconds / length), unit);
  }
  return "";
}

/** How long something lasts by now, in its largest unit; "" for less than a minute. */
export function duration(since: Date, now: Date, language: Language): string {
  const seconds = (now.getTime() - since.getTime()) / 1000;
  for (const [unit, length] of SPANS) {
    if (seconds < length) continue;
    return new Intl.NumberFormat(TAGS[language], { style: "unit", unit, unitDisplay: "short" }).format(Math.floor(seconds / length));
  }
  return "";
}

/** A length of time in its largest unit, seconds where it is less than a minute. */
export function span(seconds: number, language: Language): string {
  const [unit, length] = SPANS.find(([, one]) => seconds >= one) ?? ["second", 1];
  return new Intl.NumberFormat(TAGS[language], { style: "unit", unit, unitDisplay: "short" }).format(Math.floor(seconds / length));
}

export function exactTime(then: Date, language: Language): string {
  return new Intl.DateTimeFormat(TAGS[language], { dateStyle: "medium", timeStyle: "medium" }).format(then);
}

export function clock(then: Date, language: Language): string {
  return new Intl.DateTimeFormat(TAGS[language], { timeStyle: "medium" }).format(then);
}

export function list(items: string[], language: Language): string {
  return new Intl.ListFormat(TAGS[language], { type: "conjunction" }).format(items);
}

/** Choose the form for a count: plural(n, "en", {one: …, other: …}). */
export function plural(count: number, language: Language, forms: { one: string; other: string }): string {
  return new Intl.PluralRules(TAGS[language]).select(count) === "one" ? forms.one : forms.other;
}
