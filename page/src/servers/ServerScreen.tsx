// One server: its head with the acts, and below it the console.
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { ServerItem } from "../api/client";
import { Console } from "../console/Console";
import { useLive } from "../live/live";
import { Copy } from "../ui/Copy";
import { Page } from "../ui/Page";
import { Guard } from "../ui/Problem";
import { Reason } from "../ui/Reason";
import { Redirect } from "../ui/Redirect";
import { Status } from "../ui/Status";
import { lookOf } from "../ui/status";
import { Waiting } from "../ui/Waiting";
import { useWords } from "../words";
import { Acts } from "./Acts";
import { FirstStart } from "./FirstStart";
import { Happened } from "./Happened";
import { endedBadly } from "./happened";

const LATE_MS = 10_000;

export function ServerScreen({ id, isFirst = false }: { id: string; isFirst?: boolean }) {
  const words = useWords();
  const { servers } = useLive();
  const isLate = useLate();
  const server = servers?.find((one) => one.id === id);
  if (!servers || (!server && isFirst && !isLate)) return <Page title={id}><Waiting /></Page>;
  if (!server) {
    if (id === "new") return <Redirect to="/new" />;
    return (
      <Page title={words.server.missing}>
        <p><code>{id}</code></p>
        <p>{words.server.missingText}</p>
        <p><Link to="/" className="button primary">{words.missing.home}</Link></p>
      </Page>
    );
  }
  return (
    <div className="server">
      <Head server={server} />
      {!isFirst && endedBadly(server) && <Happened key={server.since} server={server} />}
      {isFirst && <FirstStart server={server} />}
      <Guard><Console server={server} /></Guard>
    </div>
  );
}

/** Whether a server that was just made should have been heard of by now. */
function useLate(): boolean {
  const [isLate, setIsLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsLate(true), LATE_MS);
    return () => clearTimeout(timer);
  }, []);
  return isLate;
}

function Head({ server }: { server: ServerItem }) {
  const words = useWords();
  const { condition } = lookOf(server);
  const isBad = endedBadly(server);
  const address = `${window.location.hostname}:${server.gamePort}`;
  return (
    <header className="head">
      <div className="head-line">
        <Page title={server.name} tabTitle={`${server.name} · ${words.status[condition]}`}>
          <Status server={server} withSince />
        </Page>
        {server.onlinePlayers && <span title={server.onlinePlayers.join(", ")}>{words.server.players(server.onlinePlayers.length)}</span>}
        <span className="address" title={words.server.asBrowserSees}>
          <code>{address}</code><Copy text={address} label={words.server.copyAddress} isSmall />
        </span>
      </div>
      <div className="acts">
        <Acts server={server} />
        <Link to="/activity" search={{ server: server.id }} className="button quiet">{words.activity.title}</Link>
      </div>
      {!isBad && <Reason server={server} className="reason" />}
      {server.problem && <p className="reason tone-warn" lang="en">{server.problem}</p>}
    </header>
  );
}
