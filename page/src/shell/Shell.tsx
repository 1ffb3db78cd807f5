// The frame round every screen: rail (wide) or bars (narrow), what says that the connection is lost, the tray.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useMayCreate, useSignOut } from "../api/session";
import { useLive } from "../live/live";
import { FindButton } from "../palette/Palette";
import { useAct } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { StatusShape } from "../ui/Status";
import { lookOf } from "../ui/status";
import { useWords } from "../words";
import { OfflineBar } from "./OfflineBar";
import { Tray } from "./Tray";

export function Shell({ username, children }: { username: string; children: ReactNode }) {
  const words = useWords();
  const may = useMayCreate();
  return (
    <div className="shell">
      <a className="skip" href="#content">{words.common.skip}</a>
      <header className="top">
        <Brand />
        <Connection />
        <FindButton isSmall />
        {may && <Link to="/new" className="button quiet icon" aria-label={words.newServer.title}><Icon name="plus" /></Link>}
      </header>
      <nav className="rail" aria-label={words.common.mainMenu}>
        <Brand />
        <FindButton />
        <Link to="/" className="room" activeOptions={{ exact: true }}><Icon name="home" /> {words.shell.overview}</Link>
        <Servers />
        {may && <Link to="/new" className="room"><Icon name="plus" /> {words.newServer.title}</Link>}
        <Link to="/activity" className="room gap"><Icon name="activity" /> {words.activity.title}</Link>
        <div className="below">
          <Connection />
          <Link to="/me" className="room"><Icon name="person" /> {username}</Link>
          <SignOut />
        </div>
      </nav>
      <div className="column">
        <OfflineBar />
        <main id="content" tabIndex={-1}>{children}</main>
      </div>
      <Tray />
      <nav className="bottom" aria-label={words.common.mainMenu}>
        <Link to="/" activeOptions={{ exact: true }}><Icon name="home" /> {words.shell.overview}</Link>
        <Link to="/activity"><Icon name="activity" /> {words.activity.title}</Link>
        <Link to="/me"><Icon name="person" /> {words.shell.me}</Link>
      </nav>
    </div>
  );
}

function Brand() {
  return <Link to="/" className="brand"><img src="/icon.svg" alt="" width="24" height="24" /> MC Admin</Link>;
}

function Servers() {
  const words = useWords();
  const { servers } = useLive();
  if (!servers?.length) return null;
  return (
    <section aria-label={words.shell.servers}>
      <h2 className="rail-title">{words.shell.servers}</h2>
      <ul className="plain">
        {servers.map((server) => {
          const { shape, tone, condition } = lookOf(server);
          return (
            <li key={server.id}>
              <Link to="/servers/$id" params={{ id: server.id }} className="room">
                <StatusShape shape={shape} tone={tone} />
                <span className="grow cut">{server.name}</span>
                <span className="hidden">{words.status[condition]}</span>
                {server.onlinePlayers && server.onlinePlayers.length > 0 && (
                  <span className="count" title={words.overview.playersOnline(server.onlinePlayers.length)}>{server.onlinePlayers.length}</span>
                )}
              </Link>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Connection() {
  const words = useWords();
  const { state } = useLive();
  const isLive = state.status === "open";
  return (
    <span className={`connection ${isLive ? "tone-ok" : "tone-warn"}`}>
      <StatusShape shape={isLive ? "disc" : "part"} tone={isLive ? "ok" : "warn"} /> {isLive ? words.shell.live : words.shell.connecting}
    </span>
  );
}

export function SignOut() {
  const words = useWords();
  const signOut = useSignOut();
  const { isBusy, run } = useAct();
  return (
    <button type="button" className="room" disabled={isBusy} onClick={() => run(signOut)}>
      <Icon name="out" /> {words.shell.signOut}
    </button>
  );
}
