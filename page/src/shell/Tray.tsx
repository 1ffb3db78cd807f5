// What is under way and what has just ended, above everything: a failure stays until it is read.
import type { Operation } from "../api/client";
import { useOperations } from "../live/operations";
import { Button, useAct } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { StatusShape } from "../ui/Status";
import type { Shape, Tone } from "../ui/status";
import { useSpoken, useWords } from "../words";
import { percent } from "../words/format";

const LOOKS: Record<Operation["state"], [Shape, Tone]> = {
  running: ["part", "info"], succeeded: ["disc", "ok"], failed: ["diamond", "bad"], interrupted: ["triangle", "warn"], cancelled: ["square", "quiet"],
};

export function Tray() {
  const words = useWords();
  const { all } = useOperations();
  return (
    <section className={all.length ? "tray" : "hidden"} aria-label={words.operations.tray}>
      <ul className="plain" role="status">
        {all.map((one) => <Entry key={one.id} operation={one} />)}
      </ul>
    </section>
  );
}

function Entry({ operation }: { operation: Operation }) {
  const words = useWords();
  const language = useSpoken();
  const { cancel, dismiss } = useOperations();
  const { isBusy, run } = useAct();
  const [shape, tone] = LOOKS[operation.state];
  const isRunning = operation.state === "running";
  const says = {
    running: [operation.stage, operation.percent === null ? "" : percent(operation.percent, language)].filter(Boolean).join(" · "),
    succeeded: words.operations.done, failed: words.operations.failed,
    interrupted: words.operations.interrupted, cancelled: words.operations.cancelled,
  }[operation.state];
  return (
    <li className="entry">
      <StatusShape shape={shape} tone={tone} />
      <div className="grow">
        <p><strong>{operation.serverId}</strong> · {words.operations.kind(operation.kind)}{says && <span className="muted"> · {says}</span>}</p>
        {isRunning && operation.percent !== null && <progress max={100} value={operation.percent} aria-label={words.operations.kind(operation.kind)} />}
        {operation.error && <p className="tone-bad" lang="en">{operation.error}</p>}
        {operation.warnings.map((one) => <p key={one} className="tone-warn" lang="en">{one}</p>)}
      </div>
      {isRunning && operation.canCancel && (
        <Button isBusy={isBusy} onClick={() => run(() => cancel(operation.id))}>{words.operations.cancel}</Button>
      )}
      {!isRunning && (
        <Button kind="quiet" className="icon" aria-label={words.operations.dismiss} onClick={() => dismiss(operation.id)}><Icon name="close" /></Button>
      )}
    </li>
  );
}
