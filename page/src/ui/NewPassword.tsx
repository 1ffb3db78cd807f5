import { useState } from "react";
import { useWords } from "../words";
import { Field } from "./Field";

export interface Twice { first: string; second: string }

/** A new password, typed twice. */
export function useTwice() {
  const [value, setValue] = useState<Twice>({ first: "", second: "" });
  return { value, setValue, isSame: value.first === value.second };
}

export function NewPassword({ label, again, value, onChange }: { label: string; again: string; value: Twice; onChange: (value: Twice) => void }) {
  const words = useWords();
  return (
    <>
      <Field label={label} hint={words.setup.hint} type="password" autoComplete="new-password" minLength={8} required
        value={value.first} onChange={(event) => onChange({ ...value, first: event.target.value })} />
      <Field label={again} type="password" autoComplete="new-password" required
        value={value.second} onChange={(event) => onChange({ ...value, second: event.target.value })} />
    </>
  );
}
