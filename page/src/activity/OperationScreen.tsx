// One operation: what it is at, what it prints, how it ended.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { api, asked, Failure, type Operation } from "../api/client";
import { useMay } from "../api/session";
import { Buffer } from "../console/buffer";
import { LogView } from "../console/LogView";
import type { WorkFrame } from "../live/frames";
import { type Action, useOperations } from "../live/operations";
import { LiveSocket } from "../live/socket";
import { Ago } from "../ui/Ago";
import { Button, useAct } from "../ui/Button";
import { Copy } from "../ui/Copy";
import { Page } from "../ui/Page";
import { Problem } from "../ui/Problem";
import { Waiting } from "../ui/Waiting";
import { useHowFar, useWorkTitle, Progress, WorkShape } from "../ui/Work";
import { useSpoken, useWords } from "../words";
import { span } from "../words/format";
import { took } from "./narrowed";

const AGAIN = new Set(["start", "up", "restart", "stop", "pull"]); // what may be begun again by one click

export function OperationScreen({ id }: { id: string }) {
  const words = useWords();
  const title = useWorkTitle();
  const found = useQuery({
    queryKey: ["operation", id], retry: false, staleTime: 0, refetchOnWindowFocus: false,
    queryFn: () => asked(api.GET("/api/operations/{id}", { params: { path: { id } } })),
  });
  const buffer = useOutput(id, found.data);
  if (found.error instanceof Failure && (found.error.status === 404 || found.error.status === 400)) {
    return (
      <Page title={words.activity.missing}>
        <p>{words.activity.missingText}</p>
        <p><Link to="/activity" className="button primary">{words.activity.title}</Link></p>
      </Page>
    );
  }
  if (!found.data) {
    return (
      <Page title={words.activity.one}>
        {found.isError ? <Problem problem={found.error} onRetry={() => void found.refetch()} /> : <Waiting />}
      </Page>
    );
  }
  return (
    <div className="operation">
      <Page title={title(found.data)} tabTitle={`${title(found.data)} · ${words.activity.state[found.data.state]}`}><Head operation={found.data} /></Page>
      <Output buffer={buffer} isRunning={found.data.state === "running"} />
    </div>
  );
}

function Head({ operation }: { operation: Operation }) {
  const words = useWords();
  const language = useSpoken();
  const howFar = useHowFar();
  const seconds = took(operation);
  const isRunning = operation.state === "running";
  const facts = [operation.startedBy, words.activity.origin(operation.origin), !seconds ? "" : words.activity.took(span(seconds, language))];
  return (
    <div className="operation-head">
      <p className="status" role="status"><WorkShape state={operation.state} /> <strong>{words.activity.state[operation.state]}</strong></p>
      <p className="muted">{facts.filter(Boolean).join(" · ")} · <Ago time={operation.startedAt} /></p>
      {isRunning && <p><span lang="en">{operation.stage}</span>{operation.stage && howFar(operation) && " · "}{howFar(operation)}</p>}
      <Progress work={operation} />
      {operation.error && <p className="problem" lang="en">{operation.error}</p>}
      {operation.warnings.map((one) => <p key={one} className="tone-warn" lang="en">{one}</p>)}
      <OperationActs operation={operation} />
      {operation.result && Object.keys(operation.result).length > 0 && (
        <details><summary>{words.activity.result}</summary><pre className="result" lang="en">{JSON.stringify(operation.result, null, 2)}</pre></details>
      )}
    </div>
  );
}

function OperationActs({ operation }: { operation: Operation }) {
  const words = useWords();
  const { begin, cancel, isCancelling, running } = useOperations();
  const { isBusy, problem, run } = useAct();
  const may = useMay(operation.serverId, "power");
  const { serverId, kind, state } = operation;
  const mayRepeat = may && serverId !== "" && AGAIN.has(kind) && state !== "running" && state !== "succeeded";
  return (
    <div className="acts">
      {state === "running" && operation.canCancel && (
        <Button isBusy={isBusy || isCancelling(operation.id)} onClick={() => run(() => cancel(operation.id))}>
          {isCancelling(operation.id) ? words.activity.cancelling : words.operations.cancel}
        </Button>
      )}
      {mayRepeat && (
        <Button isBusy={isBusy} disabled={running(serverId) !== undefined} onClick={() => run(() => begin(serverId, kind as Action))}>{words.common.retry}</Button>
      )}
      {serverId && <Link to="/servers/$id" params={{ id: serverId }} className="button">{words.activity.toServer(serverId)}</Link>}
      <Link to="/activity" search={serverId ? { server: serverId } : {}} className="button quiet">{words.activity.title}</Link>
      <Problem problem={problem} />
    </div>
  );
}

function Output({ buffer, isRunning }: { buffer: Buffer; isRunning: boolean }) {
  const words = useWords();
  const version = useSyncExternalStore(buffer.subscribe, buffer.snapshot);
  const isEmpty = version === 0 || buffer.rows.length === 0;
  return (
    <section className={isEmpty ? "card" : "card output"} aria-label={words.activity.output}>
      <div className="output-head">
        <h2 className="grow">{words.activity.output}</h2>
        <Copy text={() => buffer.rows.map((row) => row.text).join("\n")} label={words.console.copyView} />
      </div>
      {isEmpty ? <p className="muted">{isRunning ? words.activity.nothingYet : words.activity.printedNothing}</p>
        : <LogView buffer={buffer} filter={ALL} isWrapped label={words.activity.output} />}
    </section>
  );
}

const ALL = { text: "", level: "" } as const;

/** What it printed: by its socket while it runs, else out of its record. */
function useOutput(id: string, operation: Operation | undefined): Buffer {
  const client = useQueryClient();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another operation prints into another one
  const buffer = useMemo(() => new Buffer(), [id]);
  const isKnown = operation !== undefined;
  const isRunning = operation?.state === "running";
  useEffect(() => {
    if (!isRunning) return;
    const change = (fields: Partial<Operation>) =>
      client.setQueryData(["operation", id], (before: Operation | undefined) => before && { ...before, ...fields });
    const socket = new LiveSocket({
      url: () => `/api/operations/${id}`,
      onFrame: (raw) => {
        const frame = raw as unknown as WorkFrame;
        if (frame.type === "output") buffer.addText(frame.content);
        else if (frame.type === "operation") change(frame.operation);
        else if (frame.type === "progress") {
          const { percent, message: stage, bytesDone, bytesTotal, etaSeconds } = frame;
          change({ percent, stage, bytesDone, bytesTotal, etaSeconds });
        }
      },
      onState: ({ status }) => {
        if (status === "open") buffer.clear(); // it is told all of it anew
      },
    });
    return () => socket.close();
  }, [id, isRunning, buffer, client]);
  const output = operation?.output ?? "";
  useEffect(() => {
    if (isKnown && !isRunning && buffer.rows.length === 0 && output) buffer.addText(output);
  }, [isKnown, isRunning, buffer, output]);
  return buffer;
}
