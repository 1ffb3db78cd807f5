import { type FormEvent, useState } from "react";
import type { Session } from "../api/client";
import { signIn } from "../api/session";
import { Button, useAct } from "../ui/Button";
import { Check, Field } from "../ui/Field";
import { Problem } from "../ui/Problem";
import { useWords } from "../words";

export function SignInForm({ username = "", onDone }: { username?: string; onDone: (session: Session) => void }) {
  const words = useWords();
  const [name, setName] = useState(username);
  const [password, setPassword] = useState("");
  const [isKept, setIsKept] = useState(false);
  const { isBusy, problem, run } = useAct();
  const send = (event: FormEvent) => {
    event.preventDefault();
    run(async () => onDone(await signIn(name, password, isKept)));
  };
  return (
    <form onSubmit={send}>
      <Field label={words.signIn.name} value={name} onChange={(event) => setName(event.target.value)} autoComplete="username" autoCapitalize="none" required autoFocus={!username} />
      <Field label={words.signIn.password} type="password" value={password} onChange={(event) => setPassword(event.target.value)} autoComplete="current-password" required autoFocus={username !== ""} />
      <Check label={words.signIn.remember} checked={isKept} onChange={(event) => setIsKept(event.target.checked)} />
      <Problem problem={problem} />
      <Button kind="primary" type="submit" className="wide" isBusy={isBusy}>{words.signIn.submit}</Button>
    </form>
  );
}
