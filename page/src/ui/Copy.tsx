import { useState } from "react";
import { useWords } from "../words";
import { Button } from "./Button";
import { Icon } from "./Icon";

const SHOWN_MS = 2000;

/** Copies a text by click alone, and says that it did. */
export function Copy({ text, label, isSmall = false }: { text: string | (() => string); label: string; isSmall?: boolean }) {
  const words = useWords();
  const [isDone, setIsDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(typeof text === "string" ? text : text());
    setIsDone(true);
    setTimeout(() => setIsDone(false), SHOWN_MS);
  };
  return (
    <>
      <Button kind="quiet" className={isSmall ? "icon small" : "icon"} onClick={() => void copy()} aria-label={label} title={label}>
        <Icon name={isDone ? "check" : "copy"} />
      </Button>
      <span role="status" className="hidden">{isDone ? words.common.copied : ""}</span>
    </>
  );
}
