// The first start of a new server, step by step until players can join. What each step does is what the panel says of it.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, asked, type ServerItem, type Work } from "../api/client";
import { useOperations } from "../live/operations";
import { Copy } from "../ui/Copy";
import { Icon } from "../ui/Icon";
import { Reason } from "../ui/Reason";
import { StatusShape } from "../ui/Status";
import type { Shape, Tone } from "../ui/status";
import { useSpoken, useWords } from "../words";
import { percent } from "../words/format";
import { type Step, stepsOf } from "./first";

const LOOKS: Record<Step, [Shape, Tone]> = { done: ["disc", "ok"], now: ["part", "info"], later: ["ring", "quiet"], failed: ["diamond", "bad"] };

export function FirstStart({ server }: { server: ServerItem }) {
  const words = useWords();
  const { all } = useOperations();
  const start = all.find((one) => one.serverId === server.id && ["up", "start", "restart"].includes(one.kind));
  const steps = stepsOf(server, start?.state);
  const warnings = useQuery({ queryKey: ["server", server.id], queryFn: () => asked(api.GET("/api/servers/{id}", { params: { path: { id: server.id } } })) }).data?.warnings ?? [];
  return (
    <section className={steps.ready === "done" ? "card first ready" : "card first"} aria-labelledby="first">
      <div className="first-head">
        <h2 id="first">{words.newServer.first}</h2>
        <Link to="/servers/$id" params={{ id: server.id }} className="button quiet icon" aria-label={words.newServer.hide}><Icon name="close" /></Link>
      </div>
      <div role="status">
        <ol className="plain steps">
          <Line step="done">{words.newServer.written}</Line>
          <Line step={steps.container} detail={start && steps.container !== "done" ? <Progress operation={start} /> : undefined}>{words.newServer.container}</Line>
          <Line step={steps.game} detail={steps.game === "failed" ? <div className="tone-bad"><Reason server={server} /></div> : undefined}>{words.newServer.world}</Line>
          <Line step={steps.ready}>{words.newServer.ready}</Line>
        </ol>
      </div>
      {steps.container === "failed" && <p>{words.newServer.tryStart}</p>}
      {warnings.map((one) => <p key={one} className="caution" lang="en">{one}</p>)}
      {steps.ready === "done" && <Join server={server} />}
    </section>
  );
}

function Line({ step, detail, children }: { step: Step; detail?: ReactNode; children: ReactNode }) {
  const words = useWords();
  const [shape, tone] = LOOKS[step];
  return (
    <li data-step={step}>
      <StatusShape shape={shape} tone={tone} />
      <span>{children} <span className="hidden">{words.newServer.step[step]}</span></span>
      {detail}
    </li>
  );
}

function Progress({ operation }: { operation: Work }) {
  const words = useWords();
  const language = useSpoken();
  if (operation.error) return <p className="tone-bad" lang="en">{operation.error}</p>;
  if (operation.state !== "running" || !operation.stage) return null;
  return (
    <>
      <p className="muted"><span lang="en">{operation.stage}</span>{operation.percent !== null && ` · ${percent(operation.percent, language)}`}</p>
      {operation.percent !== null && <progress max={100} value={operation.percent} aria-label={words.newServer.container} />}
    </>
  );
}

function Join({ server }: { server: ServerItem }) {
  const words = useWords();
  const address = `${window.location.hostname}:${server.gamePort}`;
  return (
    <div className="join">
      <span>{words.newServer.joinAt}</span>
      <code>{address}</code>
      <Copy text={address} label={words.server.copyAddress} isNamed />
      <span className="muted">{words.server.asBrowserSees}</span>
    </div>
  );
}
