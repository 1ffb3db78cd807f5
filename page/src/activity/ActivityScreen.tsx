// What was done and is being done, on all servers: the newest first, narrowed by the address.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { api, asked, type Work } from "../api/client";
import { sessionQuery } from "../api/session";
import { useLive } from "../live/live";
import { useOperations } from "../live/operations";
import { Ago } from "../ui/Ago";
import { Button } from "../ui/Button";
import { Select } from "../ui/Field";
import { Page } from "../ui/Page";
import { Problem } from "../ui/Problem";
import { Waiting } from "../ui/Waiting";
import { useHowFar, useWorkTitle, Progress, WorkShape } from "../ui/Work";
import { useSpoken, useWords } from "../words";
import { span } from "../words/format";
import { ALONE, KINDS, type Narrowed, STATES, took } from "./narrowed";

export function ActivityScreen({ narrowed }: { narrowed: Narrowed }) {
  const words = useWords();
  const { server, state, kind, user } = narrowed;
  const { all } = useOperations();
  const found = useInfiniteQuery({
    queryKey: ["operations", "list", narrowed],
    queryFn: ({ pageParam }) => asked(api.GET("/api/operations", {
      params: { query: { server: server === ALONE ? "" : server, state, kind, user, cursor: pageParam } },
    })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    staleTime: 0,
  });
  const now = new Map(all.map((one) => [one.id, one]));
  const works = found.data?.pages.flatMap((page) => page.operations).map((one) => ({ ...one, ...now.get(one.id) }));
  return (
    <Page title={words.activity.title}>
      <Narrowing narrowed={narrowed} names={(works ?? []).map((one) => one.startedBy)} />
      {found.isError && <Problem problem={found.error} onRetry={() => void found.refetch()} />}
      {!works ? found.isPending && <Waiting rows={6} /> : works.length === 0 ? <Nothing isNarrowed={Object.values(narrowed).some(Boolean)} /> : (
        <ul className="plain card works">
          {works.map((one) => <Row key={one.id} work={one} />)}
        </ul>
      )}
      {found.hasNextPage && (
        <p><Button isBusy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>{words.activity.older}</Button></p>
      )}
    </Page>
  );
}

function Narrowing({ narrowed, names }: { narrowed: Narrowed; names: string[] }) {
  const words = useWords();
  const navigate = useNavigate();
  const { servers } = useLive();
  const me = useQuery(sessionQuery).data?.user?.username ?? "";
  const go = (change: Narrowed) => {
    const next = Object.fromEntries(Object.entries({ ...narrowed, ...change }).filter(([, value]) => value));
    void navigate({ to: "/activity", search: next as Narrowed, replace: true });
  };
  const ids = new Set([...(servers ?? []).map((one) => one.id), ...(narrowed.server && narrowed.server !== ALONE ? [narrowed.server] : [])]);
  const people = new Set([me, narrowed.user ?? "", ...names].filter(Boolean));
  const all = { value: "", label: words.activity.all };
  return (
    <div className="narrowing">
      <Select label={words.overview.server} value={narrowed.server ?? ""} onChange={(server) => go({ server })}
        choices={[all, ...[...ids].map((id) => ({ value: id, label: id })), { value: ALONE, label: words.activity.alone }]} />
      <Select label={words.overview.status} value={narrowed.state ?? ""} onChange={(state) => go({ state: state || undefined })}
        choices={[{ ...all, value: "" as const }, ...STATES.map((value) => ({ value, label: words.activity.state[value] }))]} />
      <Select label={words.activity.kind} value={narrowed.kind ?? ""} onChange={(kind) => go({ kind })}
        choices={[all, ...KINDS.map((value) => ({ value: value as string, label: words.operations.kind(value) }))]} />
      <Select label={words.activity.person} value={narrowed.user ?? ""} onChange={(user) => go({ user })}
        choices={[all, ...[...people].sort().map((value) => ({ value, label: value }))]} />
    </div>
  );
}

function Row({ work }: { work: Work }) {
  const words = useWords();
  const language = useSpoken();
  const title = useWorkTitle();
  const howFar = useHowFar();
  const seconds = took(work);
  const says = [
    words.activity.state[work.state],
    work.state === "running" ? howFar(work) : "",
    work.startedBy || words.activity.origin(work.origin),
    !seconds ? "" : words.activity.took(span(seconds, language)),
  ].filter(Boolean).join(" · ");
  return (
    <li className="work">
      <WorkShape state={work.state} />
      <div className="grow">
        <p className="work-line">
          <Link to="/operations/$id" params={{ id: work.id }} className="work-name">{title(work)}</Link>
          <span className="muted nowrap"><Ago time={work.startedAt} /></span>
        </p>
        <p className="muted">{says}</p>
        {work.error && <p className="tone-bad" lang="en">{work.error}</p>}
        <Progress work={work} />
      </div>
    </li>
  );
}

function Nothing({ isNarrowed }: { isNarrowed: boolean }) {
  const words = useWords();
  return (
    <div className="card empty">
      <p>{isNarrowed ? words.activity.noMatch : words.activity.none}</p>
      {isNarrowed && <p><Link to="/activity" className="button">{words.activity.showAll}</Link></p>}
    </div>
  );
}
