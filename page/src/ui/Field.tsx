import { type InputHTMLAttributes, useId } from "react";

interface Props extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  hint?: string;
}

/** A labelled input, its hint tied to it. */
export function Field({ label, hint, ...rest }: Props) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input {...rest} id={id} aria-describedby={hint ? `${id}-hint` : undefined} />
      {hint && <p className="hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  );
}

export function Check({ label, ...rest }: Omit<Props, "hint" | "type">) {
  return <label className="check"><input {...rest} type="checkbox" /> <span>{label}</span></label>;
}

interface Choice<T extends string> { value: T; label: string; lang?: string }

export function Select<T extends string>({ label, value, choices, onChange, isLabelHidden = false }: {
  label: string; value: T; choices: Choice<T>[]; onChange: (value: T) => void; isLabelHidden?: boolean;
}) {
  const id = useId();
  const choose = (name: string) => {
    const chosen = choices.find((one) => one.value === name);
    if (chosen) onChange(chosen.value);
  };
  return (
    <div className="field">
      <label htmlFor={id} className={isLabelHidden ? "hidden" : ""}>{label}</label>
      <select id={id} value={value} onChange={(event) => choose(event.target.value)}>
        {choices.map((one) => <option key={one.value} value={one.value} lang={one.lang}>{one.label}</option>)}
      </select>
    </div>
  );
}
