// Why the last run of a server ended badly: the reason in words, when, what helps, and the last that the game said.
import { useEffect, useState, useSyncExternalStore } from "react";
import type { ServerItem } from "../api/client";
import { useMay } from "../api/session";
import { feedOf } from "../console/feed";
import { Reason } from "../ui/Reason";
import { helpOf } from "../ui/reason";
import { useSpoken, useWords } from "../words";
import { exactTime } from "../words/format";
import { lastSaid } from "./happened";

const WIDE = "(min-width: 640px)";

export function Happened({ server }: { server: ServerItem }) {
  const words = useWords();
  const language = useSpoken();
  const help = helpOf(server, words);
  return (
    <section className="card happened" aria-labelledby="happened">
      <h2 id="happened">{words.server.whatHappened}</h2>
      <Reason server={server} className="reason" />
      {server.since && <p className="muted"><time dateTime={server.since}>{exactTime(new Date(server.since), language)}</time></p>}
      {help && <p>{help}</p>}
      {useMay(server.id, "console") && <LastLines server={server} />}
    </section>
  );
}

function LastLines({ server }: { server: ServerItem }) {
  const words = useWords();
  const [isOpen, setIsOpen] = useState(() => window.matchMedia(WIDE).matches);
  const feed = feedOf(server.id, "container");
  useSyncExternalStore(feed.buffer.subscribe, feed.buffer.snapshot);
  useEffect(() => (isOpen ? feed.open() : undefined), [feed, isOpen]);
  const lines = lastSaid(feed.buffer.rows);
  return (
    <details open={isOpen} onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>{words.server.lastLines}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section className="last-lines" lang="en" tabIndex={0} aria-label={words.server.lastLines}>
        <pre>{lines.length > 0 ? lines.map((row) => row.text).join("\n") : "–"}</pre>
      </section>
    </details>
  );
}
