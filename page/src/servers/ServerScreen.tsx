// One server: its head with the acts, and below it the console.
import { Link } from "@tanstack/react-router";
import type { ServerItem } from "../api/client";
import { Console } from "../console/Console";
import { useLive } from "../live/live";
import { Copy } from "../ui/Copy";
import { Page } from "../ui/Page";
import { Guard } from "../ui/Problem";
import { Status } from "../ui/Status";
import { lookOf } from "../ui/status";
import { Waiting } from "../ui/Waiting";
import { useWords } from "../words";
import { Acts } from "./Acts";

export function ServerScreen({ id }: { id: string }) {
  const words = useWords();
  const { servers } = useLive();
  const server = servers?.find((one) => one.id === id);
  if (!servers) return <Page title={id}><Waiting /></Page>;
  if (!server) {
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
      <Guard><Console server={server} /></Guard>
    </div>
  );
}

function Head({ server }: { server: ServerItem }) {
  const words = useWords();
  const { condition } = lookOf(server);
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
      {server.statusReason && <p className="reason" lang="en">{server.statusReason}</p>}
      {server.problem && <p className="reason tone-warn" lang="en">{server.problem}</p>}
    </header>
  );
}
