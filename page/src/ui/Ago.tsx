// How long ago something was, renewed each half minute; the exact time in its title.
import { useSyncExternalStore } from "react";
import { useSpoken, useWords } from "../words";
import { ago, duration, exactTime } from "../words/format";

const EVERY_MS = 30_000;
let now = new Date();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    now = new Date();
    timer = setInterval(() => {
      now = new Date();
      for (const one of listeners) one();
    }, EVERY_MS);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearInterval(timer);
  };
}

export function Ago({ time }: { time: string }) {
  const words = useWords();
  const language = useSpoken();
  const present = useSyncExternalStore(subscribe, () => now);
  const then = new Date(time);
  const latest = then > present ? then : present; // a clock that goes ahead
  return <time dateTime={time} title={exactTime(then, language)}>{ago(then, latest, language) || words.common.justNow}</time>;
}

/** How long something has lasted: "Running 3 hr". */
export function Lasting({ since }: { since: string }) {
  const words = useWords();
  const language = useSpoken();
  const present = useSyncExternalStore(subscribe, () => now);
  const then = new Date(since);
  return <time dateTime={since} title={exactTime(then, language)}>{duration(then, present, language) || words.common.justNow}</time>;
}
