// All servers at a look, those that need somebody first.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { ServerItem } from "../api/client";
import { useLive } from "../live/live";
import { Acts } from "../servers/Acts";
import { Copy } from "../ui/Copy";
import { Page } from "../ui/Page";
import { Status } from "../ui/Status";
import { isRunning } from "../ui/status";
import { Waiting } from "../ui/Waiting";
import { useSpoken, useWords } from "../words";
import { bytes, percent } from "../words/format";
import { Attention, useMatters } from "./Attention";

const FILTER_FROM = 6; // fewer are seen at a look

export function OverviewScreen() {
  const words = useWords();
  const { servers } = useLive();
  const matters = useMatters();
  const count = matters.data?.length ?? 0;
  return (
    <Page title={words.shell.overview} tabTitle={count > 0 ? `(${count}) ${words.overview.attention}` : words.shell.overview}>
      {servers === null ? <Waiting /> : servers.length === 0 ? <None /> : <><Attention matters={matters} /><Listed servers={servers} /></>}
    </Page>
  );
}

function None() {
  const words = useWords();
  return (
    <div className="card empty">
      <p><strong>{words.overview.none}</strong></p>
      <p>{words.overview.noneHint}</p>
      <p><Link to="/new" className="button primary">{words.newServer.title}</Link></p>
    </div>
  );
}

function Listed({ servers }: { servers: ServerItem[] }) {
  const words = useWords();
  const [filter, setFilter] = useState("");
  const players = servers.reduce((sum, one) => sum + (one.onlinePlayers?.length ?? 0), 0);
  const shown = servers.filter((one) => one.name.toLowerCase().includes(filter.trim().toLowerCase()));
  return (
    <>
      <div className="list-head">
        <p className="muted">{words.overview.running(servers.filter(isRunning).length, servers.length)} · {words.overview.playersOnline(players)}</p>
        {servers.length >= FILTER_FROM && (
          <input type="search" value={filter} onChange={(event) => setFilter(event.target.value)} aria-label={words.overview.filter} placeholder={words.overview.filter} />
        )}
      </div>
      <div className="card servers">
        <div className="row titles" aria-hidden="true">
          <span>{words.overview.server}</span><span>{words.overview.status}</span><span>{words.overview.players}</span><span>{words.overview.cpu}</span>
          <span>{words.overview.memory}</span><span>{words.overview.version}</span><span>{words.overview.port}</span><span />
        </div>
        <ul className="plain">
          {shown.map((server) => <Row key={server.id} server={server} />)}
        </ul>
        {shown.length === 0 && <p className="row muted">{words.overview.noMatch}</p>}
      </div>
    </>
  );
}

function Row({ server }: { server: ServerItem }) {
  const words = useWords();
  const language = useSpoken();
  const cpu = server.cpuPercentage === null ? "–" : percent(server.cpuPercentage, language);
  const address = `${window.location.hostname}:${server.gamePort}`;
  return (
    <li className="row" data-server={server.id}>
      <Link to="/servers/$id" params={{ id: server.id }} className="name cut">{server.name}</Link>
      <span className="state"><Status server={server} withSince /></span>
      <Figure label={words.overview.players} title={server.onlinePlayers?.join(", ")}>{server.onlinePlayers?.length ?? "–"}</Figure>
      <Figure label={words.overview.cpu}>{cpu}</Figure>
      <Figure label={words.overview.memory}><Memory server={server} /></Figure>
      <Figure label={words.overview.version}><span lang="en">{server.gameVersion}</span></Figure>
      <Figure label={words.overview.port}>
        <code>{server.gamePort}</code><Copy text={address} label={words.acts.labelled(words.server.copyAddress, server.name)} isSmall />
      </Figure>
      <Acts server={server} withRestart={false} />
    </li>
  );
}

function Figure({ label, title, children }: { label: string; title?: string; children: React.ReactNode }) {
  return <span className="figure" title={title}><span className="figure-label">{label}</span> <span className="figure-value">{children}</span></span>;
}

function Memory({ server }: { server: ServerItem }) {
  const words = useWords();
  const language = useSpoken();
  const { memoryUsageBytes: used, maxMemoryBytes: limit } = server;
  if (used === null) return limit > 0 ? <span className="muted">{bytes(limit, language)}</span> : "–";
  if (limit <= 0) return bytes(used, language);
  return (
    <>
      <meter min={0} max={limit} high={limit * 0.95} value={used} aria-hidden="true" />
      <span className="nowrap">{words.overview.of(bytes(used, language), bytes(limit, language))}</span>
    </>
  );
}
