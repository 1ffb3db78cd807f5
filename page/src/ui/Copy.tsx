import { useState } from "react";
import { useWords } from "../words";
import { Button } from "./Button";
import { copyText } from "./clipboard";
import { Icon } from "./Icon";

const SHOWN_MS = 2000;

/** Copies a text by click alone, and says that it did. */
export function Copy({ text, label, isSmall = false, isNamed = false }: {
  text: string | (() => string); label: string; isSmall?: boolean; isNamed?: boolean; // named: its label is seen, too
}) {
  const words = useWords();
  const [isDone, setIsDone] = useState(false);
  const copy = async () => {
    await copyText(typeof text === "string" ? text : text());
    setIsDone(true);
    setTimeout(() => setIsDone(false), SHOWN_MS);
  };
  const icon = <Icon name={isDone ? "check" : "copy"} />;
  return (
    <>
      {isNamed ? <Button onClick={() => void copy()}>{icon} {label}</Button> : (
        <Button kind="quiet" className={isSmall ? "icon small" : "icon"} onClick={() => void copy()} aria-label={label} title={label}>{icon}</Button>
      )}
      <span role="status" className="hidden">{isDone ? words.common.copied : ""}</span>
    </>
  );
}
