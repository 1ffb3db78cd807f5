// Where commands are typed: the arrows bring back former ones, what players would notice is asked once.
import { type FormEvent, type KeyboardEvent, useState } from "react";
import type { ServerItem } from "../api/client";
import { useMayCommand } from "../api/session";
import { addToHistory, commandHistory } from "../prefs";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { useWords } from "../words";
import { isAskedFirst, isKept } from "./commands";
import type { Feed } from "./feed";

export function CommandBox({ server, feed, isConnected }: { server: ServerItem; feed: Feed; isConnected: boolean }) {
  const words = useWords();
  const may = useMayCommand(server.id);
  const [text, setText] = useState("");
  const [back, setBack] = useState(0); // how many commands ago; 0 is what is being typed
  const [draft, setDraft] = useState("");
  const [asked, setAsked] = useState("");
  const takesCommands = server.status === "HEALTHY" || server.status === "RUNNING";
  const reason = may === false ? words.console.noRight : takesCommands ? "" : words.console.notReady;

  const send = (command: string) => {
    if (!feed.send(command)) return;
    if (isKept(command)) addToHistory(server.id, command);
    setText("");
    setBack(0);
  };
  const submitted = (event: FormEvent) => {
    event.preventDefault();
    const command = text.trim();
    if (command === "" || reason || !isConnected) return;
    if (isAskedFirst(command)) setAsked(command);
    else send(command);
  };
  const pressed = (event: KeyboardEvent) => {
    if ((event.key !== "ArrowUp" && event.key !== "ArrowDown") || event.nativeEvent.isComposing) return;
    event.preventDefault();
    const history = commandHistory(server.id);
    const next = Math.min(Math.max(back + (event.key === "ArrowUp" ? 1 : -1), 0), history.length);
    if (next === back) return;
    if (back === 0) setDraft(text);
    setText(next === 0 ? draft : history[history.length - next] ?? "");
    setBack(next);
  };
  return (
    <form className="command-box" onSubmit={submitted}>
      <span className="prompt" aria-hidden="true">▸</span>
      <input
        aria-label={words.console.command} placeholder={reason || words.console.placeholder} disabled={reason !== ""} value={text}
        onChange={(event) => { setText(event.target.value); setBack(0); }} onKeyDown={pressed}
        autoCapitalize="off" autoComplete="off" autoCorrect="off" spellCheck={false} enterKeyHint="send" maxLength={1400}
      />
      <Button kind="primary" type="submit" disabled={reason !== "" || !isConnected} aria-label={words.console.send}>
        <Icon name="send" />
      </Button>
      <Dialog title={words.console.confirm(asked)} isOpen={asked !== ""} onClose={() => setAsked("")}>
        <p>{words.console.confirmText}</p>
        <div className="dialog-acts">
          <Button onClick={() => setAsked("")}>{words.common.cancel}</Button>
          <Button kind="danger" onClick={() => { send(asked); setAsked(""); }}>{words.console.send}</Button>
        </div>
      </Dialog>
    </form>
  );
}
