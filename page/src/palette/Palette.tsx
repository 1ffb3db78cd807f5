// Find and do anything by typing; the keys; and the questions that an act asks first.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { createContext, type KeyboardEvent, type ReactNode, useContext, useEffect, useId, useMemo, useRef, useState } from "react";
import type { ServerItem } from "../api/client";
import { allows, rightsQuery, useMayCreate, useSignOut } from "../api/session";
import { useLive } from "../live/live";
import { type Action, useOperations } from "../live/operations";
import { useShortcuts } from "../prefs";
import { AskFirst } from "../servers/AskFirst";
import { Button, useAct } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { Problem } from "../ui/Problem";
import { useWords } from "../words";
import { type Deed, entries } from "./entries";
import { best } from "./fuzzy";
import { KeyList } from "./KeyList";
import { useKeys } from "./useKeys";

type Shown = "find" | "keys" | null;
const PaletteContext = createContext<(shown: Shown) => void>(() => undefined);

/** The way to show the palette or the list of keys. */
export function useShow(): (shown: Shown) => void {
  return useContext(PaletteContext);
}

export function PaletteProvider({ children }: { children: ReactNode }) {
  const words = useWords();
  const [shown, setShown] = useState<Shown>(null);
  const [asked, setAsked] = useState<{ server: ServerItem; action: "stop" | "restart" } | null>(null);
  const { problem, run, clear } = useAct();
  const { begin, backUp } = useOperations();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const mayCreate = useMayCreate();
  useKeys((shortcut) => {
    if (shortcut === "find" || shortcut === "keys") setShown(shortcut);
    else if (shortcut === "newServer") mayCreate && void navigate({ to: "/new" });
    else if (shortcut === "search") focusOn('main [type="search"]');
    else if (shortcut === "command") focusOn(".command-box input");
    else void navigate({ to: ({ overview: "/", activity: "/activity", me: "/me" } as const)[shortcut] });
  });
  const doIt = (server: ServerItem, action: Action | "backup") =>
    run(() => (action === "backup" ? backUp(server.id) : begin(server.id, action)));
  const take = (deed: Deed) => {
    setShown("keys" in deed ? "keys" : null);
    if ("to" in deed) void navigate({ to: deed.to });
    else if ("signOut" in deed) run(signOut);
    else if ("server" in deed) {
      const { server, action } = deed;
      if ((action === "stop" || action === "restart") && server.onlinePlayers?.length) setAsked({ server, action });
      else doIt(server, action);
    }
  };
  return (
    <PaletteContext.Provider value={setShown}>
      {children}
      <Dialog title={words.keys.find} isOpen={shown === "find"} onClose={() => setShown(null)}><Search onTake={take} /></Dialog>
      <Dialog title={words.keys.title} isOpen={shown === "keys"} onClose={() => setShown(null)}>
        <KeyList />
        <div className="dialog-acts"><Button onClick={() => setShown(null)}>{words.common.close}</Button></div>
      </Dialog>
      {asked && <AskFirst {...asked} onCancel={() => setAsked(null)} onDo={() => { doIt(asked.server, asked.action); setAsked(null); }} />}
      <Dialog title={words.keys.failed} isOpen={problem !== null} onClose={clear}>
        <Problem problem={problem} />
        <div className="dialog-acts"><Button onClick={clear}>{words.common.close}</Button></div>
      </Dialog>
    </PaletteContext.Provider>
  );
}

function focusOn(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}

function Search({ onTake }: { onTake: (deed: Deed) => void }) {
  const words = useWords();
  const id = useId();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const { servers, isAway } = useLive();
  const { running } = useOperations();
  const rights = useQuery(rightsQuery).data;
  const mayCreate = useMayCreate() ?? false;
  const all = useMemo(() => entries(words, {
    servers: servers ?? [], isAway, running, mayCreate, may: (server, verb) => allows(rights, server, verb) ?? false,
  }), [words, servers, isAway, running, mayCreate, rights]);
  const found = best(typed, all);
  const present = Math.min(at, found.length - 1);
  useEffect(() => {
    list.current?.children[present]?.scrollIntoView({ block: "nearest" });
  }, [present]);
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const chosen = found[present];
    if (event.nativeEvent.isComposing || found.length === 0) return;
    if (step) setAt((present + step + found.length) % found.length);
    else if (event.key === "Enter" && chosen) onTake(chosen.deed);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        type="search" role="combobox" aria-label={words.keys.find} placeholder={words.keys.placeholder} autoComplete="off" autoCapitalize="none" spellCheck={false} value={typed}
        aria-expanded={found.length > 0} aria-controls={found.length > 0 ? `${id}-list` : undefined} aria-autocomplete="list"
        aria-activedescendant={found.length > 0 ? `${id}-${present}` : undefined}
        onChange={(event) => { setTyped(event.target.value); setAt(0); }} onKeyDown={press}
      />
      {found.length > 0 && (
        <div role="listbox" id={`${id}-list`} aria-label={words.keys.found} className="found" ref={list}>
          {found.map((one, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's
            <div key={one.id} role="option" tabIndex={-1} id={`${id}-${index}`} aria-selected={index === present} className="room" onClick={() => onTake(one.deed)}>{one.label}</div>
          ))}
        </div>
      )}
      <p role="status" className={found.length > 0 ? "hidden" : "muted"}>{found.length > 0 ? "" : words.keys.none}</p>
    </>
  );
}

/** Opens the palette; its key stands beside it where keys are on. */
export function FindButton({ isSmall = false }: { isSmall?: boolean }) {
  const words = useWords();
  const show = useShow();
  const isOn = useShortcuts();
  if (isSmall) return <Button kind="quiet" className="icon" aria-label={words.keys.find} onClick={() => show("find")}><Icon name="search" /></Button>;
  return (
    <button type="button" className="room" aria-keyshortcuts={isOn ? "Control+K Meta+K" : undefined} onClick={() => show("find")}>
      <Icon name="search" /> <span className="grow">{words.keys.find}</span>{isOn && <span className="count" aria-hidden="true">{words.keys.mod} K</span>}
    </button>
  );
}
