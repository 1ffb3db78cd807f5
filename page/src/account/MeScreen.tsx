// One's own account: how the page looks, the password, and where one is signed in.
import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "../api/session";
import { SignOut } from "../shell/Shell";
import { LanguageChoice, LookChoice } from "../ui/LookChoice";
import { Page } from "../ui/Page";
import { useWords } from "../words";
import { PasswordForm } from "./PasswordForm";
import { Sessions } from "./Sessions";

export function MeScreen() {
  const words = useWords();
  const user = useQuery(sessionQuery).data?.user;
  return (
    <Page title={user?.username ?? words.me.title} tabTitle={words.me.title}>
      {user && <p className="muted">{words.me.role[user.role]}</p>}
      <div className="cards">
        <section className="card" aria-labelledby="look">
          <h2 id="look">{words.me.look}</h2>
          <LookChoice />
          <LanguageChoice />
          <div className="leave"><SignOut /></div>
        </section>
        <section className="card" aria-labelledby="password">
          <h2 id="password">{words.me.password}</h2>
          <PasswordForm username={user?.username ?? ""} />
        </section>
        <section className="card whole" aria-labelledby="sessions">
          <h2 id="sessions">{words.me.sessions}</h2>
          <Sessions />
        </section>
      </div>
    </Page>
  );
}
