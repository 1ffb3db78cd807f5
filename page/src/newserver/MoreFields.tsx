import { type SyntheticEvent, useState } from "react";
import { Check, Field, Select } from "../ui/Field";
import { useWords } from "../words";
import { JAVAS } from "./draft";
import { type FieldsProps, PanelSays, Port } from "./Fields";

/** What most people leave as it is. It opens by itself where something in it is wrong. */
export function MoreFields(props: FieldsProps) {
  const { draft, change, found, isTried, failure } = props;
  const words = useWords();
  const [isOpen, setIsOpen] = useState(false);
  const isWrong = Boolean(found.port ?? found.players) || failure?.code === "port_taken" || ["game_port", "max_players", "motd", "java"].some((one) => failure?.errors[one]);
  const toggled = (event: SyntheticEvent<HTMLDetailsElement>) => setIsOpen(event.currentTarget.open);
  return (
    <details className="more" open={isOpen || (isTried && isWrong)} onToggle={toggled}>
      <summary>{words.newServer.more}</summary>
      <div className="more-fields">
        <Port {...props} />
        <Field label={words.newServer.players} value={draft.players} onChange={(event) => change({ players: event.target.value.trim() })} inputMode="numeric" autoComplete="off"
          error={found.players ? words.newServer.badPlayers : failure?.errors.max_players && <PanelSays failure={failure} field="max_players" />} />
        <Field label={words.newServer.motd} value={draft.motd} onChange={(event) => change({ motd: event.target.value })} maxLength={512} autoComplete="off" placeholder="A Minecraft server"
          hint={words.newServer.motdHint} error={failure?.errors.motd && <PanelSays failure={failure} field="motd" />} />
        <Select label={words.newServer.java} value={draft.java} onChange={(java) => change({ java })} hint={words.newServer.javaHint}
          choices={JAVAS.map((value) => ({ value, label: value === "auto" ? words.newServer.javaAuto : `Java ${value}` }))} />
        <Check label={words.newServer.online} checked={draft.isOnline} onChange={(event) => change({ isOnline: event.target.checked })} />
        {!draft.isOnline && <p className="caution">{words.newServer.offlineWarning}</p>}
      </div>
    </details>
  );
}
