import { useSpoken, useWords } from "../words";
import { bytes } from "../words/format";
import { containerMib, idOf } from "./draft";
import type { FieldsProps } from "./Fields";
import { typeName } from "./types";

const MIB = 1024 * 1024;

/** What the click will make, in words. */
export function Summary({ draft, defaults }: FieldsProps) {
  const words = useWords();
  const language = useSpoken();
  const size = (mib: number) => bytes(mib * MIB, language);
  const port = draft.port === "" ? String(defaults.gamePort) : draft.port;
  return (
    <section className="card" aria-labelledby="summary">
      <h2 id="summary">{words.newServer.summary}</h2>
      <ul className="summary">
        <li>{words.newServer.makesFolder} <code>{idOf(draft.name) || "…"}</code></li>
        {draft.way === "form" ? (
          <>
            <li>{words.newServer.makesGame(typeName(draft.type), draft.version.trim() || "…")}</li>
            <li>{words.newServer.makesMemory(size(draft.memoryMib), size(containerMib(draft.memoryMib)))}</li>
            <li>{words.newServer.makesPort(port)}</li>
            <li>{words.newServer.makesRcon}</li>
          </>
        ) : <li>{words.newServer.makesCompose}</li>}
      </ul>
      <p className="muted">{words.newServer.later}</p>
    </section>
  );
}
