import { useEffect, useState } from "react";
import { useWords } from "../words";

const SHOWN_AFTER_MS = 150;
const SLOW_AFTER_MS = 4000;

/** What stands where something is still to come: nothing, then bars, then words. */
export function Waiting({ rows = 3 }: { rows?: number }) {
  const words = useWords();
  const [stage, setStage] = useState(0);
  useEffect(() => {
    const timers = [SHOWN_AFTER_MS, SLOW_AFTER_MS].map((after, index) => setTimeout(() => setStage(index + 1), after));
    return () => timers.forEach(clearTimeout);
  }, []);
  return (
    <div className="waiting" aria-busy="true">
      {stage > 0 && Array.from({ length: rows }, (_, index) => index).map((row) => <div key={row} className="bar" />)}
      <p role="status" className={stage > 1 ? "muted" : "hidden"}>{stage > 1 ? words.common.slow : stage > 0 ? words.common.loading : ""}</p>
    </div>
  );
}
