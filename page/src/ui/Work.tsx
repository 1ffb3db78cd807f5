// An operation in a line: the shape of its state, what it is called, how far it is.
import type { Work } from "../api/client";
import { useSpoken, useWords } from "../words";
import { bytes, percent, span } from "../words/format";
import { StatusShape } from "./Status";
import type { Shape, Tone } from "./status";

const LOOKS: Record<Work["state"], [Shape, Tone]> = {
  running: ["part", "info"], succeeded: ["disc", "ok"], failed: ["diamond", "bad"], interrupted: ["triangle", "warn"], cancelled: ["square", "quiet"],
};

export function WorkShape({ state }: Pick<Work, "state">) {
  const [shape, tone] = LOOKS[state];
  return <StatusShape shape={shape} tone={tone} />;
}

export function useWorkTitle(): (work: Pick<Work, "kind" | "serverId">) => string {
  const words = useWords();
  return ({ kind, serverId }) => (serverId ? words.activity.of(words.operations.kind(kind), serverId) : words.operations.kind(kind));
}

/** How far a running one is: "42% · 1.2 GB of 3 GB · 40 sec left"; "" where nobody can tell. */
export function useHowFar(): (work: Pick<Work, "percent" | "bytesDone" | "bytesTotal" | "etaSeconds">) => string {
  const words = useWords();
  const language = useSpoken();
  return ({ percent: far, bytesDone, bytesTotal, etaSeconds }) => [
    far === null ? "" : percent(far, language),
    bytesDone === null ? "" : bytesTotal ? words.overview.of(bytes(bytesDone, language), bytes(bytesTotal, language)) : bytes(bytesDone, language),
    etaSeconds === null ? "" : words.activity.left(span(etaSeconds, language)),
  ].filter(Boolean).join(" · ");
}

export function Progress({ work }: { work: Work }) {
  const title = useWorkTitle();
  if (work.state !== "running" || work.percent === null) return null;
  return <progress max={100} value={work.percent} aria-label={title(work)} />;
}
