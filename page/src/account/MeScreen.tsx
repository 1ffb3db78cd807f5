// One's own account: how the page looks, the password, and where one is signed in.
import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "../api/session";
import { useShow } from "../palette/Palette";
import { setShortcuts, useShortcuts } from "../prefs";
import { SignOut } from "../shell/Shell";
import { Button } from "../ui/Button";
import { Check } from "../ui/Field";
import { LanguageChoice, LookChoice } from "../ui/LookChoice";
import { Page } from "../ui/Page";
import { useWords } from "../words";
import { PasswordForm } from "./PasswordForm";
import { Sessions } from "./Sessions";

export function MeScreen() {
  const words = useWords();
  const isOn = useShortcuts();
  const show = useShow();
  const user = useQuery(sessionQuery).data?.user;
  return (
    <Page title={user?.username ?? words.me.title} tabTitle={words.me.title}>
      {user && <p className="muted">{words.me.role[user.role]}</p>}
      <div className="cards">
        <section className="card" aria-labelledby="look">
          <h2 id="look">{words.me.look}</h2>
          <LookChoice />
          <LanguageChoice />
          <Check label={words.keys.on} checked={isOn} onChange={(event) => setShortcuts(event.target.checked)} />
          <Button onClick={() => show("keys")}>{words.keys.title}</Button>
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
