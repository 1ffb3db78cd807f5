// A new server: a form with a default for everything but the EULA, made and started with one click.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useRouter } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api, asked, Failure, type Schemas } from "../api/client";
import { rightsQuery, useMayCreate } from "../api/session";
import { useLive } from "../live/live";
import { useOperations } from "../live/operations";
import { Button, useAct } from "../ui/Button";
import { Page } from "../ui/Page";
import { Problem } from "../ui/Problem";
import { Waiting } from "../ui/Waiting";
import { useWords } from "../words";
import { begin, bodyOf, type Draft, idOf, wrongs } from "./draft";
import { ComposeFields, EssentialFields, Name, Way } from "./Fields";
import { Findings } from "./Findings";
import { MoreFields } from "./MoreFields";
import { Summary } from "./Summary";

let kept: Draft | null = null; // what was typed is still there for whoever comes back

export function NewServerScreen() {
  const words = useWords();
  const { servers } = useLive();
  const may = useMayCreate();
  const defaults = useQuery({ queryKey: ["defaults"], queryFn: () => asked(api.GET("/api/servers/defaults")), staleTime: 0, enabled: may === true });
  if (may === false) return <Page title={words.newServer.title}><p>{words.newServer.mayNot}</p></Page>;
  if (defaults.isError) {
    return <Page title={words.newServer.title}><Problem problem={defaults.error} onRetry={() => void defaults.refetch()} /></Page>;
  }
  if (!servers || !defaults.data) return <Page title={words.newServer.title}><Waiting /></Page>;
  return <Form defaults={defaults.data} onPorts={() => void defaults.refetch()} />;
}

function Form({ defaults, onPorts }: { defaults: Schemas["Defaults"]; onPorts: () => void }) {
  const words = useWords();
  const servers = useLive().servers ?? [];
  const form = useRef<HTMLFormElement>(null);
  const [draft, setDraft] = useState<Draft>(() => kept ?? begin(defaults, servers.map((one) => one.id)));
  const [isTried, setIsTried] = useState(false);
  const { isBusy, problem, run } = useAct();
  const { made, make, start } = useMaking(onPorts);
  useEffect(() => {
    kept = made === null ? draft : null;
  }, [draft, made]);

  const change = (fields: Partial<Draft>) => setDraft((before) => ({ ...before, ...fields }));
  const found = wrongs(draft, made === null ? servers : []);
  const send = (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (Object.keys(found).length === 0) run(() => make(draft));
    else requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  };
  if (made !== null) return <Unstarted id={made} problem={problem} isBusy={isBusy} onStart={() => run(() => start(made))} />;
  const failure = problem instanceof Failure ? problem : null;
  const common = { draft, change, found, isTried, failure, defaults };
  return (
    <Page title={words.newServer.title}>
      <form ref={form} onSubmit={send} noValidate className="new-server">
        <div className="card new-fields">
          <Name {...common} />
          <Way {...common} />
          {draft.way === "form" ? <><EssentialFields {...common} /><MoreFields {...common} /></> : <ComposeFields {...common} />}
        </div>
        <div className="new-side">
          <Summary {...common} />
          {failure?.findings && failure.findings.length > 0
            ? <Findings failure={failure} accepted={draft.findings} onChange={(findings) => change({ findings })} />
            : <Problem problem={problem} />}
          <Button kind="primary" type="submit" className="wide" isBusy={isBusy}>{words.newServer.submit}</Button>
        </div>
      </form>
    </Page>
  );
}

/** Make a server, then start it, then show how far it is: three steps, each of which may fail. */
function useMaking(onPorts: () => void) {
  const client = useQueryClient();
  const router = useRouter();
  const { begin: operate } = useOperations();
  const [made, setMade] = useState<string | null>(null);
  const start = async (id: string) => {
    await operate(id, "up");
    await router.navigate({ to: "/servers/$id", params: { id }, search: { first: true } });
  };
  const make = async (draft: Draft) => {
    try {
      await asked(api.POST("/api/servers", { body: bodyOf(draft) }));
    } catch (problem) {
      if (problem instanceof Failure && problem.code === "port_taken") onPorts();
      throw problem;
    }
    const id = idOf(draft.name);
    setMade(id);
    await client.invalidateQueries({ queryKey: rightsQuery.queryKey }); // who makes a server manages it
    await start(id);
  };
  return { made, make, start };
}

/** The server is there, and could not be started (yet). */
function Unstarted({ id, problem, isBusy, onStart }: { id: string; problem: unknown; isBusy: boolean; onStart: () => void }) {
  const words = useWords();
  return (
    <Page title={words.newServer.madeTitle(id)}>
      {isBusy ? <Waiting rows={1} /> : (
        <>
          <Problem problem={problem} />
          <p className="new-acts">
            <Button kind="primary" onClick={onStart}>{words.newServer.startAgain}</Button>
            <Link to="/servers/$id" params={{ id }} className="button">{words.newServer.toServer}</Link>
          </p>
        </>
      )}
    </Page>
  );
}
