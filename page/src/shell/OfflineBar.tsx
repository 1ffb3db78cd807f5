import { useEffect, useState } from "react";
import { useLive } from "../live/live";
import { Button } from "../ui/Button";
import { useSpoken, useWords } from "../words";
import { clock } from "../words/format";

/** Says since when there is no connection, and when the next try is. */
export function OfflineBar() {
  const words = useWords();
  const language = useSpoken();
  const { isAway, state, tryNow } = useLive();
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isAway) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isAway]);
  if (!isAway) return <div role="status" className="hidden" />;
  const left = state.nextTry ? Math.max(0, Math.ceil((state.nextTry.getTime() - now) / 1000)) : 0;
  return (
    <div className="offline">
      <span role="status">{words.shell.offline(clock(state.since, language))}</span>
      <span className="nowrap">{left > 0 ? words.shell.nextTry(left) : words.shell.connecting}</span>
      <Button onClick={tryNow}>{words.shell.tryNow}</Button>
    </div>
  );
}
