// The frame of a screen: its title, also the tab's, and the focus that goes to it when the screen is entered.
import { type ReactNode, useEffect, useRef } from "react";
import { useWords } from "../words";

export function Page({ title, tabTitle, isTitleHidden = false, children }: {
  title: string; tabTitle?: string; isTitleHidden?: boolean; children: ReactNode;
}) {
  const words = useWords();
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = words.common.pageTitle(tabTitle ?? title);
  useEffect(() => {
    document.title = shown;
  }, [shown]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another title is another screen
  useEffect(() => {
    const focused = document.activeElement;
    if (focused?.matches("main input")) return; // a screen that begins with a field has given it the focus
    heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <>
      <h1 tabIndex={-1} ref={heading} className={isTitleHidden ? "hidden" : ""}>{title}</h1>
      {children}
    </>
  );
}
