// What is under way and what has just ended, above everything: a failure stays until it is read.
import { Link } from "@tanstack/react-router";
import type { Work } from "../api/client";
import { useOperations } from "../live/operations";
import { Button, useAct } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { useHowFar, useWorkTitle, Progress, WorkShape } from "../ui/Work";
import { useWords } from "../words";

const MOST = 3; // more would hide the page

export function Tray() {
  const words = useWords();
  const { all } = useOperations();
  const title = useWorkTitle();
  const said = all.slice(0, MOST).map((one) => `${title(one)}: ${words.activity.state[one.state]}`).join(". "); // not each percent
  return (
    <section className={all.length ? "tray" : "hidden"} aria-label={words.operations.tray}>
      <p className="hidden" role="status">{said}</p>
      <ul className="plain">
        {all.slice(0, MOST).map((one) => <Entry key={one.id} work={one} />)}
      </ul>
      {all.length > MOST && <Link to="/activity" className="button tray-more">{words.activity.more(all.length - MOST)}</Link>}
    </section>
  );
}

function Entry({ work }: { work: Work }) {
  const words = useWords();
  const title = useWorkTitle();
  const howFar = useHowFar();
  const { cancel, dismiss, isCancelling } = useOperations();
  const { isBusy, run } = useAct();
  const isRunning = work.state === "running";
  return (
    <li className="entry">
      <WorkShape state={work.state} />
      <div className="grow">
        <p>
          <Link to="/operations/$id" params={{ id: work.id }} className="work-name">{title(work)}</Link>
          <span className="muted"> · {isRunning ? howFar(work) || words.activity.state.running : words.activity.state[work.state]}</span>
        </p>
        {isRunning && work.stage && <p className="muted" lang="en">{work.stage}</p>}
        <Progress work={work} />
        {work.error && <p className="tone-bad" lang="en">{work.error}</p>}
        {work.warnings.map((one) => <p key={one} className="tone-warn" lang="en">{one}</p>)}
      </div>
      {isRunning && work.canCancel && (
        <Button isBusy={isBusy || isCancelling(work.id)} onClick={() => run(() => cancel(work.id))}>
          {isCancelling(work.id) ? words.activity.cancelling : words.operations.cancel}
        </Button>
      )}
      {!isRunning && (
        <Button kind="quiet" className="icon" aria-label={words.operations.dismiss} onClick={() => dismiss(work.id)}><Icon name="close" /></Button>
      )}
    </li>
  );
}
