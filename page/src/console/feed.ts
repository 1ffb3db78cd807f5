// One console of one server: its socket, where it stands, and its lines. It is kept a while after it was left.
import type { ConsoleFrame } from "../live/frames";
import { LiveSocket, type SocketState } from "../live/socket";
import { Buffer } from "./buffer";

export type Source = "log" | "container";
const KEPT_MS = 10 * 60 * 1000;
const feeds = new Map<string, Feed>();

export class Feed {
  readonly buffer = new Buffer();
  state: SocketState | null = null;
  note = ""; // why there is no log, or what was not done
  private seq = 0;
  private epoch = "";
  private socket: LiveSocket | null = null;
  private viewers = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly serverId: string, private readonly source: Source, private readonly forget: () => void) {}

  /** Open the socket for one more viewer; the answer ends that. */
  open(): () => void {
    clearTimeout(this.timer);
    this.viewers += 1;
    this.socket ??= this.opened();
    return () => {
      this.viewers -= 1;
      if (this.viewers > 0) return;
      this.socket?.close();
      this.socket = null;
      this.timer = setTimeout(this.forget, KEPT_MS);
    };
  }

  /** After the session ended and somebody signed in again. */
  reopen(): void {
    this.socket?.close();
    this.socket = this.viewers > 0 ? this.opened() : null;
  }

  send(command: string): boolean {
    const isSent = this.socket?.send({ type: "command", command }) ?? false;
    if (isSent) this.buffer.add("command", `▸ ${command}`);
    return isSent;
  }

  url(): string {
    const query = new URLSearchParams({ source: this.source });
    if (this.epoch) {
      query.set("after", String(this.seq));
      query.set("epoch", this.epoch);
    }
    return `/api/servers/${encodeURIComponent(this.serverId)}/console?${query}`;
  }

  heard(frame: ConsoleFrame): void {
    switch (frame.type) {
      case "log":
        if (this.epoch && frame.epoch !== this.epoch) this.buffer.clear(); // counted anew: what comes stands for all
        this.take(frame.seq, frame.epoch);
        if (frame.content) {
          this.note = "";
          this.buffer.addText(frame.content);
        }
        break;
      case "logs_refreshed":
        this.buffer.clear();
        this.take(frame.seq, frame.epoch);
        this.buffer.addText(frame.content);
        break;
      case "info":
        if (frame.lost && frame.lost > 0) {
          this.buffer.add("gap", frame.message, frame.lost);
          if (frame.seq !== undefined && frame.epoch !== undefined) this.take(frame.seq, frame.epoch);
        } else {
          this.note = frame.message;
          if (this.buffer.rows.length > 0) this.buffer.add("note", frame.message);
        }
        break;
      case "command_result":
        this.buffer.add("result", frame.result || "✓");
        break;
      case "command":
        this.buffer.add("command", `${frame.username} ▸ ${frame.command}`);
        break;
      case "error":
        this.buffer.add("note", frame.message);
        break;
    }
    this.changed();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): SocketState | null => this.state;
  readonly currentNote = (): string => this.note;
  readonly tryNow = (): void => this.socket?.tryNow();

  private opened(): LiveSocket {
    return new LiveSocket({ url: () => this.url(), onFrame: (raw) => this.heard(raw as unknown as ConsoleFrame), onState: this.told });
  }

  private take(seq: number, epoch: string): void {
    this.seq = seq;
    this.epoch = epoch;
  }

  private readonly told = (state: SocketState): void => {
    this.state = state;
    this.changed();
  };

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

/** The feed of a console, the one that was left a moment ago where there is one. */
export function feedOf(serverId: string, source: Source): Feed {
  const key = `${source}/${serverId}`;
  let feed = feeds.get(key);
  if (!feed) {
    feed = new Feed(serverId, source, () => feeds.delete(key));
    feeds.set(key, feed);
  }
  return feed;
}
