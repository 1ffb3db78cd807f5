// What only somebody who is signed in sees. A session that ends leaves the screen as it is, below a dialog.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Outlet, useLocation } from "@tanstack/react-router";
import { useCallback, useEffect, useState } from "react";
import type { Session } from "../api/client";
import { sessionQuery } from "../api/session";
import { LiveProvider } from "../live/live";
import { OperationsProvider } from "../live/operations";
import { PaletteProvider } from "../palette/Palette";
import { SignInForm } from "../signin/SignInForm";
import { Dialog } from "../ui/Dialog";
import { Guard, Problem } from "../ui/Problem";
import { Redirect } from "../ui/Redirect";
import { Waiting } from "../ui/Waiting";
import { useWords } from "../words";
import { Shell } from "./Shell";

type Person = NonNullable<Session["user"]>;

export function Inside() {
  const words = useWords();
  const session = useQuery(sessionQuery);
  const client = useQueryClient();
  const { href, pathname } = useLocation();
  const [person, setPerson] = useState<Person | null>(null);
  const present = session.data?.user ?? null;

  useEffect(() => {
    if (present) setPerson(present);
  }, [present]);
  const ended = useCallback(() => void client.invalidateQueries({ queryKey: sessionQuery.queryKey }), [client]);
  const signedIn = (next: Session) => {
    if (next.user?.id !== person?.id) window.location.assign("/"); // somebody else begins anew
    client.setQueryData(sessionQuery.queryKey, next);
  };

  if (session.isPending) return <main className="alone"><Waiting /></main>;
  if (session.isError && !person) return <main className="alone"><Problem problem={session.error} onRetry={() => void session.refetch()} /></main>;
  if (!person && !present) return <Redirect to={pathname === "/" ? "/sign-in" : `/sign-in?${new URLSearchParams({ next: href })}`} />;
  const shown = person ?? present;
  if (!shown) return null;
  const isOver = session.isSuccess && !present;
  return (
    <LiveProvider onEnded={ended} isOn={!isOver}>
      <OperationsProvider>
        <PaletteProvider>
          <Shell username={shown.username}>
            <Guard key={pathname}><Outlet /></Guard>
          </Shell>
        </PaletteProvider>
        <Dialog title={words.signIn.again} isOpen={isOver}>
          <p>{words.signIn.ended}</p>
          <SignInForm username={shown.username} onDone={signedIn} />
        </Dialog>
      </OperationsProvider>
    </LiveProvider>
  );
}
