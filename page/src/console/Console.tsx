// The console of a server: what it says as it says it, and commands to its game.
import { useDeferredValue, useEffect, useState, useSyncExternalStore } from "react";
import type { ServerItem } from "../api/client";
import { useLive } from "../live/live";
import { Button } from "../ui/Button";
import { Copy } from "../ui/Copy";
import { Select } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { useWords } from "../words";
import { type Filter, fitting } from "./buffer";
import { CommandBox } from "./CommandBox";
import { feedOf, type Source } from "./feed";
import { LogView } from "./LogView";

export function Console({ server }: { server: ServerItem }) {
  const words = useWords();
  const [source, setSource] = useState<Source>("log");
  const [isWrapped, setIsWrapped] = useState(true);
  const [level, setLevel] = useState<Filter["level"]>("");
  const [text, setText] = useState("");
  const filter = useDeferredValue(useFilter(text, level));
  const feed = feedOf(server.id, source);
  const state = useSyncExternalStore(feed.subscribe, feed.current);
  const note = useSyncExternalStore(feed.subscribe, feed.currentNote);
  const version = useSyncExternalStore(feed.buffer.subscribe, feed.buffer.snapshot);
  const { state: live } = useLive();

  useEffect(() => feed.open(), [feed]);
  useEffect(() => {
    if (live.status === "open" && state?.status === "closed" && state.code === 4401) feed.reopen();
  }, [feed, live, state]);

  const isConnected = state?.status === "open";
  const isEmpty = version > 0 && feed.buffer.rows.length === 0;
  const says = state?.status === "closed" ? state.message || words.console.closed
    : !isConnected ? state?.message || words.console.reconnecting : isEmpty ? note || words.console.empty : "";
  const shown = () => fitting(feed.buffer.rows, filter).map((index) => feed.buffer.rows[index]?.text ?? "").join("\n");
  return (
    <section className="console" aria-label={words.console.title}>
      <div className="console-tools">
        <Select label={words.console.source} isLabelHidden value={source} onChange={setSource}
          choices={[{ value: "log", label: words.console.gameLog }, { value: "container", label: words.console.container }]} />
        <Select label={words.console.levels} isLabelHidden value={level} onChange={setLevel}
          choices={[{ value: "", label: words.console.all }, { value: "warn", label: words.console.warnings }, { value: "error", label: words.console.errors }]} />
        <input type="search" className="grow" value={text} onChange={(event) => setText(event.target.value)} aria-label={words.console.filter} placeholder={words.console.filter} />
        <Button kind="quiet" className="icon" aria-pressed={isWrapped} aria-label={words.console.wrap} title={words.console.wrap} onClick={() => setIsWrapped(!isWrapped)}>
          <Icon name="wrap" />
        </Button>
        <Copy text={shown} label={words.console.copyView} />
      </div>
      {says && <p className="console-says" role="status">{says}</p>}
      <LogView key={source} buffer={feed.buffer} filter={filter} isWrapped={isWrapped} label={words.console.log} />
      <CommandBox server={server} feed={feed} isConnected={isConnected} />
    </section>
  );
}

function useFilter(text: string, level: Filter["level"]): Filter {
  const [filter, setFilter] = useState<Filter>({ text, level });
  if (filter.text !== text || filter.level !== level) setFilter({ text, level });
  return filter;
}
