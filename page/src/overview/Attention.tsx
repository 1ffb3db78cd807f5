// What somebody should look at, worst first, as the panel tells it; each with the one act that helps.
import { type UseQueryResult, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api, asked, type Matter } from "../api/client";
import { useMay } from "../api/session";
import { useLive } from "../live/live";
import { useOperations } from "../live/operations";
import { Ago } from "../ui/Ago";
import { Button, useAct } from "../ui/Button";
import { Problem } from "../ui/Problem";
import { StatusShape } from "../ui/Status";
import type { Shape } from "../ui/status";
import { Waiting } from "../ui/Waiting";
import { useSpoken, useWords } from "../words";
import { detailsOf, titleOf, worthAsking } from "./matters";

const MOST = 5; // more would push the servers out of sight
const SHAPES: Record<Matter["tone"], Shape> = { bad: "diamond", warn: "triangle", info: "ring" };

/** Ask on entry, and again when the live list or an operation's end says that something changed; never by the clock. */
export function useMatters(): UseQueryResult<Matter[]> {
  const client = useQueryClient();
  const { servers, state } = useLive();
  const found = useQuery({ queryKey: ["attention"], queryFn: () => asked(api.GET("/api/attention")), staleTime: 0 });
  const present = worthAsking(servers ?? []);
  const isOpen = state.status === "open";
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the list says now is why it is asked anew
  useEffect(() => {
    if (isOpen) void client.invalidateQueries({ queryKey: ["attention"] });
  }, [client, present, isOpen]);
  return found;
}

export function Attention({ matters }: { matters: UseQueryResult<Matter[]> }) {
  const words = useWords();
  const [isWhole, setIsWhole] = useState(false);
  if (!matters.data) return matters.isError ? <Problem problem={matters.error} onRetry={() => void matters.refetch()} /> : <Waiting rows={1} />;
  if (matters.data.length === 0) return <p className="note well"><StatusShape shape="disc" tone="ok" /> {words.overview.allWell}</p>;
  const shown = isWhole ? matters.data : matters.data.slice(0, MOST);
  return (
    <section className="card attention" aria-labelledby="attention">
      <h2 id="attention">{words.overview.attention}</h2>
      <ul className="plain">
        {shown.map((one) => <Item key={`${one.code}/${one.server_id}/${one.operation}/${one.sentence}`} matter={one} />)}
      </ul>
      {shown.length < matters.data.length && (
        <p><Button kind="quiet" onClick={() => setIsWhole(true)}>{words.matters.showAll(matters.data.length)}</Button></p>
      )}
    </section>
  );
}

function Item({ matter }: { matter: Matter }) {
  const words = useWords();
  const language = useSpoken();
  return (
    <li>
      <StatusShape shape={SHAPES[matter.tone]} tone={matter.tone} />
      <div className="grow">
        <p>
          <strong>{titleOf(matter, words, language)}</strong>
          {matter.since && <span className="muted"> · <Ago time={matter.since} /></span>}
        </p>
        {detailsOf(matter).map((one) => <p key={one} className="muted" lang="en">{one}</p>)}
      </div>
      <Act matter={matter} />
    </li>
  );
}

function Act({ matter }: { matter: Matter }) {
  const words = useWords();
  const language = useSpoken();
  const { code, server_id: id, operation } = matter;
  const label = words.acts.labelled(words.overview.seeWhy, id || titleOf(matter, words, language));
  if (code === "no_backup" || code === "backup_late") return <BackUp id={id} />;
  if (operation) return <Link to="/operations/$id" params={{ id: operation }} className="button" aria-label={label}>{words.overview.seeWhy}</Link>;
  if (id) return <Link to="/servers/$id" params={{ id }} className="button" aria-label={label}>{words.overview.seeWhy}</Link>;
  return null;
}

function BackUp({ id }: { id: string }) {
  const words = useWords();
  const may = useMay(id, "backup");
  const { backUp, running } = useOperations();
  const { isBusy, problem, run } = useAct();
  if (!may) return null;
  const isUnderWay = running(id)?.kind === "backup";
  return (
    <div className="act-beside">
      <Button isBusy={isBusy || isUnderWay} disabled={running(id) !== undefined} aria-label={words.acts.labelled(words.matters.backUp, id)} onClick={() => run(() => backUp(id))}>
        {isUnderWay ? words.matters.backingUp : words.matters.backUp}
      </Button>
      <Problem problem={problem} />
    </div>
  );
}
