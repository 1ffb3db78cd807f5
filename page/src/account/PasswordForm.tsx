import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, asked } from "../api/client";
import { sessionQuery } from "../api/session";
import { Button, useAct } from "../ui/Button";
import { Field } from "../ui/Field";
import { NewPassword, useTwice } from "../ui/NewPassword";
import { Problem } from "../ui/Problem";
import { useWords } from "../words";

export function PasswordForm({ username }: { username: string }) {
  const words = useWords();
  const client = useQueryClient();
  const [old, setOld] = useState("");
  const { value, setValue, isSame } = useTwice();
  const [said, setSaid] = useState<"" | "differ" | "changed">("");
  const { isBusy, problem, run } = useAct();
  const send = (event: FormEvent) => {
    event.preventDefault();
    setSaid(isSame ? "" : "differ");
    if (!isSame) return;
    run(async () => {
      await asked(api.POST("/api/user/me/password", { body: { old_password: old, new_password: value.first } }));
      // The answer brings a token for programs. This page needs none, so it ends with the others.
      await asked(api.DELETE("/api/auth/sessions", { params: { query: { others: true } } }));
      setOld("");
      setValue({ first: "", second: "" });
      setSaid("changed");
      await client.invalidateQueries({ queryKey: sessionQuery.queryKey });
      await client.invalidateQueries({ queryKey: ["sessions"] });
    });
  };
  return (
    <form onSubmit={send}>
      <input type="text" className="hidden" autoComplete="username" value={username} readOnly tabIndex={-1} aria-hidden="true" />
      <Field label={words.me.oldPassword} type="password" autoComplete="current-password" required value={old} onChange={(event) => setOld(event.target.value)} />
      <NewPassword label={words.me.newPassword} again={words.me.again} value={value} onChange={setValue} />
      {said === "differ" && <p className="problem" role="alert">{words.setup.differ}</p>}
      {said !== "differ" && <Problem problem={problem} />}
      <p role="status" className={said === "changed" ? "note" : "hidden"}>{said === "changed" ? words.me.changed : ""}</p>
      <Button kind="primary" type="submit" isBusy={isBusy}>{words.me.change}</Button>
    </form>
  );
}
