import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import type { Session } from "../api/client";
import { sessionQuery } from "../api/session";
import { LanguageChoice } from "../ui/LookChoice";
import { Page } from "../ui/Page";
import { Redirect } from "../ui/Redirect";
import { useWords } from "../words";
import { SignInForm } from "./SignInForm";

/** Only an address of this page: `next` comes from a link that anybody may have made. */
export function ownAddress(next: string | undefined): string {
  const { origin } = window.location;
  return next?.startsWith("/") && URL.canParse(next, origin) && new URL(next, origin).origin === origin ? next : "/";
}

export function SignInScreen() {
  const words = useWords();
  const session = useQuery(sessionQuery);
  const client = useQueryClient();
  const { next } = useSearch({ from: "/sign-in" });
  if (session.data?.user) return <Redirect to={ownAddress(next)} />;
  const done = (found: Session) => client.setQueryData(sessionQuery.queryKey, found);
  return (
    <main className="alone">
      <img src="/icon.svg" alt="" width="48" height="48" />
      <Page title={words.signIn.title}>
        {session.data?.setup_needed && <p className="note">{words.signIn.setup}</p>}
        <SignInForm onDone={done} />
        <LanguageChoice />
      </Page>
    </main>
  );
}
