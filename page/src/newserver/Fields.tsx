// The fields that matter, and what is wrong with one at its place.
import type { ReactNode } from "react";
import type { Failure, Schemas } from "../api/client";
import { Button } from "../ui/Button";
import { Check, Field, Select, TextArea } from "../ui/Field";
import { useSpoken, useWords } from "../words";
import { bytes } from "../words/format";
import { containerMib, type Draft, idOf, LATEST, mostMemory, STEP_MIB, type Wrongs } from "./draft";
import { typeName } from "./types";
import { useMachine } from "./machine";

export interface FieldsProps {
  draft: Draft;
  change: (fields: Partial<Draft>) => void;
  found: Wrongs;
  isTried: boolean; // before that, a field that nobody has touched is not called wrong
  failure: Failure | null;
  defaults: Schemas["Defaults"];
}

const MIB = 1024 * 1024;

/** What the panel itself says of a field: in English. */
export function PanelSays({ failure, field }: { failure: Failure | null; field: string }): ReactNode {
  const said = failure?.errors[field];
  return said ? <span lang="en">{said.join(" ")}</span> : null;
}

export function Name({ draft, change, found, failure }: FieldsProps) {
  const words = useWords();
  const id = idOf(draft.name);
  const what = found.name?.what;
  return (
    <Field label={words.newServer.name} value={draft.name} onChange={(event) => change({ name: event.target.value })} autoComplete="off" autoCapitalize="none"
      spellCheck={false} maxLength={100} hint={id !== "" && id !== draft.name ? words.newServer.becomes(id) : undefined}
      error={what === "noId" ? words.newServer.noId : what === "taken" ? words.newServer.taken(id) : failure?.errors.id && <PanelSays failure={failure} field="id" />} />
  );
}

export function Way({ draft, change }: FieldsProps) {
  const words = useWords();
  return (
    <fieldset className="radios">
      <legend>{words.newServer.way}</legend>
      {(["form", "compose"] as const).map((way) => (
        <label key={way} className="check">
          <input type="radio" name="way" checked={draft.way === way} onChange={() => change({ way, findings: [] })} />
          <span>{way === "form" ? words.newServer.byForm : words.newServer.byCompose}</span>
        </label>
      ))}
    </fieldset>
  );
}

export function EssentialFields(props: FieldsProps) {
  const { draft, change, found, isTried, failure, defaults } = props;
  const words = useWords();
  const types = defaults.types.filter((one) => one !== "CUSTOM"); // it needs the address of a jar, so a compose file
  const known = [...new Set([LATEST, "SNAPSHOT", ...Object.values(defaults.versions)])];
  return (
    <>
      <Select label={words.newServer.type} value={draft.type} choices={types.map((value) => ({ value, label: typeName(value), lang: "en" }))}
        onChange={(type) => change({ type })} hint={words.newServer.types[draft.type]} />
      <Field label={words.newServer.version} value={draft.version} onChange={(event) => change({ version: event.target.value })} list="versions" autoComplete="off"
        autoCapitalize="none" spellCheck={false} hint={words.newServer.versionHint}
        error={found.version ? words.newServer.badVersion : failure?.errors.version && <PanelSays failure={failure} field="version" />} />
      <datalist id="versions">{known.map((one) => <option key={one} value={one} />)}</datalist>
      <Memory {...props} />
      <Check checked={draft.isAccepted} onChange={(event) => change({ isAccepted: event.target.checked })}
        error={isTried && found.eula ? words.newServer.eulaNeeded : failure?.errors.accept_eula && <PanelSays failure={failure} field="accept_eula" />}
        label={<>{words.newServer.eula} <a href="https://aka.ms/MinecraftEULA" target="_blank" rel="noreferrer noopener">{words.newServer.eulaLink}</a></>} />
    </>
  );
}

function Memory({ draft, change, failure }: FieldsProps) {
  const words = useWords();
  const language = useSpoken();
  const { total, free } = useMachine();
  const shown = bytes(draft.memoryMib * MIB, language);
  const isMuch = free !== null && containerMib(draft.memoryMib) * MIB > free;
  return (
    <>
      <Field label={words.newServer.memory(shown)} type="range" min={STEP_MIB} max={mostMemory(total)} step={STEP_MIB} value={draft.memoryMib}
        onChange={(event) => change({ memoryMib: Number(event.target.value) })} aria-valuetext={shown}
        hint={free === null ? undefined : words.newServer.memoryHint(bytes(free, language))}
        error={failure?.errors.max_memory && <PanelSays failure={failure} field="max_memory" />} />
      <p role="status" className={isMuch ? "caution" : "hidden"}>{isMuch ? words.newServer.muchMemory : ""}</p>
    </>
  );
}

export function ComposeFields({ draft, change, found, isTried }: FieldsProps) {
  const words = useWords();
  return (
    <TextArea label={words.newServer.compose} value={draft.compose} onChange={(event) => change({ compose: event.target.value, findings: [] })} rows={18} spellCheck={false}
      autoCapitalize="none" hint={words.newServer.composeHint} error={isTried && found.compose ? words.newServer.composeNeeded : undefined} />
  );
}

/** The port for players: empty, it is the next free one. */
export function Port({ draft, change, found, failure, defaults }: FieldsProps) {
  const words = useWords();
  const next = String(defaults.gamePort);
  const isHeld = failure?.code === "port_taken";
  const wrong = found.port;
  const error = wrong?.what === "port" ? words.newServer.badPort : wrong?.what === "portTaken" ? words.newServer.portTaken(draft.port, wrong.whose ?? "")
    : isHeld ? words.newServer.portHeld : failure?.errors.game_port && <PanelSays failure={failure} field="game_port" />;
  const offer = (wrong?.what === "portTaken" || isHeld) && draft.port !== next;
  return (
    <div className="port">
      <Field label={words.newServer.port} value={draft.port} onChange={(event) => change({ port: event.target.value.trim() })} inputMode="numeric" autoComplete="off"
        placeholder={next} hint={words.newServer.portHint(next)} error={error} />
      {offer && <Button onClick={() => change({ port: next })}>{words.newServer.takePort(next)}</Button>}
    </div>
  );
}
