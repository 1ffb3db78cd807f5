import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, asked } from "../api/client";
import { sessionQuery, setUp } from "../api/session";
import { Button, useAct } from "../ui/Button";
import { Field } from "../ui/Field";
import { NewPassword, useTwice } from "../ui/NewPassword";
import { Page } from "../ui/Page";
import { Problem } from "../ui/Problem";
import { useWords } from "../words";

/** The first owner, by the code of the link that the panel printed when it started. */
export function SetupScreen() {
  const words = useWords();
  const client = useQueryClient();
  const router = useRouter();
  const [code] = useState(() => new URLSearchParams(window.location.search).get("code") ?? "");
  const [name, setName] = useState("");
  const { value, setValue, isSame } = useTwice();
  const [isDifferent, setIsDifferent] = useState(false);
  const { isBusy, problem, run } = useAct();
  const send = (event: FormEvent) => {
    event.preventDefault();
    setIsDifferent(!isSame);
    if (!isSame) return;
    run(async () => {
      client.setQueryData(sessionQuery.queryKey, await setUp(code, name, value.first));
      const servers = await asked(api.GET("/api/servers")).catch(() => null);
      await router.navigate({ to: servers?.length === 0 ? "/new" : "/", replace: true });
    });
  };
  return (
    <main className="alone">
      <img src="/icon.svg" alt="" width="48" height="48" />
      <Page title={words.setup.title}>
        <p>{words.setup.lead}</p>
        {code === "" ? <p className="problem" role="alert">{words.setup.noCode}</p> : (
          <form onSubmit={send}>
            <Field label={words.signIn.name} value={name} onChange={(event) => setName(event.target.value)} autoComplete="username" autoCapitalize="none" minLength={3} maxLength={50} required autoFocus />
            <NewPassword label={words.signIn.password} again={words.setup.again} value={value} onChange={setValue} />
            {isDifferent && <p className="problem" role="alert">{words.setup.differ}</p>}
            {!isDifferent && <Problem problem={problem} />}
            <Button kind="primary" type="submit" className="wide" isBusy={isBusy}>{words.setup.submit}</Button>
          </form>
        )}
      </Page>
    </main>
  );
}
