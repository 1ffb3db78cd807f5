// What can be done with a server now: one primary act by its status, and a question first where players would notice.
import { useState } from "react";
import type { ServerItem } from "../api/client";
import { useMay } from "../api/session";
import { useLive } from "../live/live";
import { type Action, useOperations } from "../live/operations";
import { Button, useAct } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Problem } from "../ui/Problem";
import { conditionOf, isRunning } from "../ui/status";
import { useWords } from "../words";
import { AskFirst } from "./AskFirst";

type Asked = "stop" | "restart";

export function Acts({ server, withRestart = true }: { server: ServerItem; withRestart?: boolean }) {
  const words = useWords();
  const may = useMay(server.id, "power");
  const { begin, running } = useOperations();
  const { isAway } = useLive();
  const [asked, setAsked] = useState<Asked | null>(null);
  const { isBusy, problem, run, clear } = useAct();
  if (!may) return null;

  const players = server.onlinePlayers ?? [];
  const now = running(server.id);
  const reason = isAway ? words.acts.offline : server.status === "UNKNOWN" ? words.acts.engineAway : now ? words.acts.busy : undefined;
  const doIt = (action: Action) => run(() => begin(server.id, action));
  const ask = (action: Asked) => (players.length > 0 ? setAsked(action) : doIt(action));
  const busyWith = (...kinds: string[]) => now !== undefined && kinds.includes(now.kind);
  const again = withRestart && conditionOf(server) === "crashed" ? words.acts.startAgain : words.acts.start;
  const common = { disabled: reason !== undefined, title: reason };
  return (
    <div className="acts">
      {isRunning(server) ? (
        <>
          <Button {...common} isBusy={isBusy || busyWith("stop")} aria-label={words.acts.labelled(words.acts.stop, server.name)} onClick={() => ask("stop")}>
            {busyWith("stop") ? words.acts.stopping : words.acts.stop}
          </Button>
          {withRestart && (
            <Button {...common} isBusy={isBusy || busyWith("restart")} aria-label={words.acts.labelled(words.acts.restart, server.name)} onClick={() => ask("restart")}>
              {busyWith("restart") ? words.acts.restarting : words.acts.restart}
            </Button>
          )}
        </>
      ) : (
        <Button {...common} kind={withRestart ? "primary" : "plain"} isBusy={isBusy || busyWith("start", "up")} aria-label={words.acts.labelled(again, server.name)}
          onClick={() => doIt(server.status === "EXISTS" ? "up" : "start")}>
          {busyWith("start", "up") ? words.acts.starting : again}
        </Button>
      )}
      {asked && <AskFirst server={server} action={asked} onCancel={() => setAsked(null)} onDo={() => { doIt(asked); setAsked(null); }} />}
      <Dialog title={server.name} isOpen={problem !== null} onClose={clear}>
        <Problem problem={problem} />
        <div className="dialog-acts"><Button onClick={clear}>{words.common.close}</Button></div>
      </Dialog>
    </div>
  );
}
