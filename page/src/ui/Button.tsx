import { type ButtonHTMLAttributes, useState } from "react";

type Kind = "plain" | "primary" | "danger" | "quiet";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: Kind;
  isBusy?: boolean;
}

/** A button; while it is busy it says so and takes no second click. */
export function Button({ kind = "plain", isBusy = false, disabled, className = "", type = "button", ...rest }: Props) {
  return (
    <button {...rest} type={type} className={`button ${kind} ${className}`} disabled={disabled || isBusy} aria-busy={isBusy || undefined} />
  );
}

/** Run something from a click: whether it is under way, and what went wrong the last time. */
export function useAct(): { isBusy: boolean; problem: unknown; run: (act: () => Promise<unknown>) => void; clear: () => void } {
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const run = (act: () => Promise<unknown>) => {
    setIsBusy(true);
    setProblem(null);
    act().catch((error: unknown) => setProblem(error)).finally(() => setIsBusy(false));
  };
  return { isBusy, problem, run, clear: () => setProblem(null) };
}
