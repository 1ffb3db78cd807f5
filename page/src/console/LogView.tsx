// The lines of a console: only the rows that are seen are in the document, however many there are.
import { type ClipboardEvent, type KeyboardEvent, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { useWords } from "../words";
import type { Buffer, Filter, Row } from "./buffer";
import { Rows, shownParts } from "./rows";

const ROW_PX = 20;
const BEYOND = 12; // rows drawn above and below, for fast scrolling
const NEAR_END_PX = 24;
const MARK = 2; // columns of the mark of a level

interface Size { width: number; height: number; character: number }

export function LogView({ buffer, filter, isWrapped, label }: { buffer: Buffer; filter: Filter; isWrapped: boolean; label: string }) {
  const words = useWords();
  const version = useSyncExternalStore(buffer.subscribe, buffer.snapshot);
  const box = useRef<HTMLDivElement>(null);
  const [size, ruler] = useSize(box);
  const [top, setTop] = useState(0);
  const [isFollowing, setIsFollowing] = useState(true);
  const [seen, setSeen] = useState(0); // rows there were when the end was left
  const rows = useMemo(() => new Rows(), []);
  const columns = isWrapped && size.character > 0 ? Math.max(20, Math.floor(size.width / size.character) - MARK - 2) : 0;
  const gone = rows.update(buffer, { filter, columns });
  const length = rows.length;

  // biome-ignore lint/correctness/useExhaustiveDependencies: what is new, or laid out anew, is followed
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (isFollowing) element.scrollTop = element.scrollHeight;
    else if (gone > 0) element.scrollTop -= gone * ROW_PX;
  }, [version, length, size, isFollowing]);

  const scrolled = () => {
    const element = box.current;
    if (!element) return;
    setTop(element.scrollTop);
    const isAtEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - NEAR_END_PX;
    if (isAtEnd !== isFollowing) {
      setIsFollowing(isAtEnd);
      setSeen(length);
    }
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key === "End") setIsFollowing(true);
  };

  const first = Math.max(0, Math.floor(top / ROW_PX) - BEYOND);
  const last = Math.min(length, Math.ceil((top + size.height) / ROW_PX) + BEYOND);
  const drawn = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index);
  return (
    <div className="log-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it */}
      <div ref={box} className="log" role="log" aria-live="off" aria-label={label} tabIndex={0} onScroll={scrolled} onKeyDown={pressed} onCopy={copied}>
        <span ref={ruler} className="ruler" aria-hidden="true">{"0".repeat(100)}</span>
        <div className="log-all" style={{ height: length * ROW_PX }}>
          <div className="log-seen" style={{ transform: `translateY(${first * ROW_PX}px)` }}>
            {drawn.map((index) => {
              const { line, start, end } = rows.at(index);
              const row = buffer.rows[line];
              return row && <Drawn key={buffer.dropped + index} row={row} line={line} start={start} end={end} />;
            })}
          </div>
        </div>
      </div>
      {!isFollowing && (
        <Button className="follow" onClick={() => setIsFollowing(true)}>
          <Icon name="down" /> {length > seen ? words.console.newLines(length - seen) : words.console.follow}
        </Button>
      )}
    </div>
  );
}

function Drawn({ row, line, start, end }: { row: Row; line: number; start: number; end: number }) {
  const words = useWords();
  const mark = start > 0 || row.level === "" ? "" : row.level === "warn" ? "W" : "E";
  const name = row.level === "warn" ? words.console.warningMark : words.console.errorMark;
  const parts = row.kind === "gap" && start === 0 ? [{ text: words.console.lost(row.lost), style: "" }] : shownParts(row, start, end);
  return (
    <div className={`log-row ${row.kind} ${row.level}`} data-line={line} title={start === 0 && row.kind === "line" && mark ? name : undefined}>
      <span className="mark" aria-hidden="true">{mark}</span>
      <span className="text">{parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one line never change their order
        <span key={index} className={part.style || undefined}>{part.text}</span>
      ))}</span>
    </div>
  );
}

/** Copy whole lines as lines, also where they are broken on the screen, and never the marks. */
function copied(event: ClipboardEvent<HTMLDivElement>): void {
  const selection = window.getSelection();
  if (!selection || selection.rangeCount === 0 || selection.isCollapsed) return;
  const range = selection.getRangeAt(0);
  let text = "";
  let before = "";
  for (const row of event.currentTarget.querySelectorAll<HTMLElement>(".log-row")) {
    const content = row.querySelector(".text");
    if (!content || !range.intersectsNode(content)) continue;
    const part = document.createRange();
    part.selectNodeContents(content);
    if (content.contains(range.startContainer)) part.setStart(range.startContainer, range.startOffset);
    if (content.contains(range.endContainer)) part.setEnd(range.endContainer, range.endOffset);
    const line = row.dataset.line ?? "";
    text += (text && line !== before ? "\n" : "") + part.toString();
    before = line;
  }
  if (!text) return;
  event.clipboardData.setData("text/plain", text);
  event.preventDefault();
}

function useSize(box: React.RefObject<HTMLDivElement | null>): [Size, React.RefObject<HTMLSpanElement | null>] {
  const ruler = useRef<HTMLSpanElement>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0, character: 0 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => setSize({
      width: element.clientWidth, height: element.clientHeight, character: (ruler.current?.getBoundingClientRect().width ?? 0) / 100,
    });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return [size, ruler];
}
