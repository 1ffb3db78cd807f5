import { useShortcuts } from "../prefs";
import { useWords } from "../words";
import { KEYS } from "./keys";

/** Every key with what it does. */
export function KeyList() {
  const words = useWords();
  const isOn = useShortcuts();
  return (
    <>
      {!isOn && <p className="note">{words.keys.off}</p>}
      <dl className="keys">
        {KEYS.map(([keys, name]) => (
          <div key={keys}>
            <dt>{keys.split(" ").map((one) => <kbd key={one}>{one === "Mod" ? words.keys.mod : one.length === 1 && keys.startsWith("Mod") ? one.toUpperCase() : one}</kbd>)}</dt>
            <dd>{words.keys.does[name]}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
