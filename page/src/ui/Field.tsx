import { type InputHTMLAttributes, type ReactNode, type TextareaHTMLAttributes, useId } from "react";

interface Told {
  label: string;
  hint?: string;
  error?: ReactNode; // what is wrong with it, told at its place
}

type Props = InputHTMLAttributes<HTMLInputElement> & Told;

/** A labelled input; its hint and what is wrong with it are tied to it. */
export function Field({ label, hint, error, ...rest }: Props) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input {...rest} id={id} {...tied(id, hint, error)} />
      <Said id={id} hint={hint} error={error} />
    </div>
  );
}

/** A labelled text of several lines, such as a file. */
export function TextArea({ label, hint, error, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement> & Told) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea {...rest} id={id} {...tied(id, hint, error)} />
      <Said id={id} hint={hint} error={error} />
    </div>
  );
}

function tied(id: string, hint: string | undefined, error: ReactNode) {
  const by = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return { "aria-describedby": by || undefined, "aria-invalid": error ? true : undefined };
}

function Said({ id, hint, error }: { id: string; hint: string | undefined; error: ReactNode }) {
  return (
    <>
      {hint && <p className="hint" id={`${id}-hint`}>{hint}</p>}
      {error && <p className="field-error" id={`${id}-error`}>{error}</p>}
    </>
  );
}

export function Check({ label, error, ...rest }: Omit<Props, "hint" | "type" | "label"> & { label: ReactNode }) {
  const id = useId();
  return (
    <div className="field">
      <label className="check"><input {...rest} type="checkbox" {...tied(id, undefined, error)} /> <span>{label}</span></label>
      <Said id={id} hint={undefined} error={error} />
    </div>
  );
}

interface Choice<T extends string> { value: T; label: string; lang?: string }

export function Select<T extends string>({ label, value, choices, onChange, hint, isLabelHidden = false }: {
  label: string; value: T; choices: Choice<T>[]; onChange: (value: T) => void; hint?: string; isLabelHidden?: boolean;
}) {
  const id = useId();
  const choose = (name: string) => {
    const chosen = choices.find((one) => one.value === name);
    if (chosen) onChange(chosen.value);
  };
  return (
    <div className="field">
      <label htmlFor={id} className={isLabelHidden ? "hidden" : ""}>{label}</label>
      <select id={id} value={value} onChange={(event) => choose(event.target.value)} {...tied(id, hint, undefined)}>
        {choices.map((one) => <option key={one.value} value={one.value} lang={one.lang}>{one.label}</option>)}
      </select>
      <Said id={id} hint={hint} error={undefined} />
    </div>
  );
}
