import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, asked, type Schemas } from "../api/client";
import { Ago } from "../ui/Ago";
import { Button, useAct } from "../ui/Button";
import { Problem } from "../ui/Problem";
import { Waiting } from "../ui/Waiting";
import { useWords } from "../words";
import { agentName } from "./agents";

export function Sessions() {
  const words = useWords();
  const client = useQueryClient();
  const found = useQuery({ queryKey: ["sessions"], queryFn: () => asked(api.GET("/api/auth/sessions")) });
  const { isBusy, problem, run } = useAct();
  const renewed = () => client.invalidateQueries({ queryKey: ["sessions"] });
  const endOthers = async () => {
    await asked(api.DELETE("/api/auth/sessions", { params: { query: { others: true } } }));
    await renewed();
  };
  if (found.isPending) return <Waiting />;
  if (found.isError) return <Problem problem={found.error} onRetry={() => void found.refetch()} />;
  const others = found.data.filter((one) => !one.current);
  return (
    <>
      <ul className="plain sessions">
        {found.data.map((one) => <Row key={one.id} session={one} onEnded={renewed} />)}
      </ul>
      <Problem problem={problem} />
      {others.length === 0 ? <p className="muted">{words.me.noOthers}</p> : <Button isBusy={isBusy} onClick={() => run(endOthers)}>{words.me.endOthers}</Button>}
    </>
  );
}

function Row({ session, onEnded }: { session: Schemas["SignIn"]; onEnded: () => Promise<void> }) {
  const words = useWords();
  const { isBusy, problem, run } = useAct();
  const name = agentName(session.agent) || words.common.unknown;
  const end = async () => {
    await asked(api.DELETE("/api/auth/sessions/{id}", { params: { path: { id: session.id } } }));
    await onEnded();
  };
  return (
    <li>
      <div className="grow">
        <p><strong>{name}</strong> · {words.me.method[session.method]} {session.current && <span className="pill">{words.me.thisOne}</span>}</p>
        <p className="muted">{session.address} · {words.me.lastUsed} <Ago time={session.last_seen_at} /> · {words.me.began} <Ago time={session.began_at} /></p>
        <Problem problem={problem} />
      </div>
      {!session.current && <Button isBusy={isBusy} aria-label={words.me.endOf(name)} onClick={() => run(end)}>{words.me.end}</Button>}
    </li>
  );
}
