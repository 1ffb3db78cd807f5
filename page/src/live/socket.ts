// One WebSocket that comes back by itself: after 0.5, 1, 2 … 15 s, at once when the network or the tab comes back.
export const DELAYS_S = [0.5, 1, 2, 4, 8, 15];
const FINAL = new Set([1000, 4401, 4403, 4404]);

export interface SocketState {
  status: "connecting" | "open" | "waiting" | "closed";
  since: Date; // of the status; of a wait: when the connection was lost
  nextTry: Date | null;
  code: number; // of a close that is final
  message: string; // what the panel said before it closed
}

interface Handlers {
  /** The address for the next try: a console says there what it has. */
  url: () => string;
  onFrame: (frame: Record<string, unknown>) => void;
  onState?: (state: SocketState) => void;
}

export class LiveSocket {
  state: SocketState = { status: "connecting", since: new Date(), nextTry: null, code: 0, message: "" };
  private socket: WebSocket | null = null;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private message = "";

  constructor(private readonly handlers: Handlers) {
    window.addEventListener("online", this.tryNow);
    document.addEventListener("visibilitychange", this.seen);
    this.open();
  }

  send(frame: Record<string, unknown>): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  close(): void {
    window.removeEventListener("online", this.tryNow);
    document.removeEventListener("visibilitychange", this.seen);
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null; // what it still says is nobody's any more
    socket?.close();
  }

  readonly tryNow = (): void => {
    if (this.state.status !== "waiting") return;
    clearTimeout(this.timer);
    this.open();
  };

  private readonly seen = (): void => {
    if (document.visibilityState === "visible") this.tryNow();
  };

  private open(): void {
    const socket = new WebSocket(new URL(this.handlers.url(), window.location.href.replace(/^http/, "ws")));
    this.socket = socket;
    this.message = "";
    if (this.failures === 0) this.tell({ status: "connecting", since: new Date(), nextTry: null });
    socket.onopen = () => this.socket === socket && this.opened();
    socket.onmessage = (event) => this.socket === socket && this.heard(String(event.data));
    socket.onclose = (event) => this.socket === socket && this.lost(event.code);
  }

  private opened(): void {
    this.tell({ status: "open", since: new Date(), nextTry: null });
  }

  private heard(text: string): void {
    const frame: unknown = JSON.parse(text);
    if (typeof frame !== "object" || frame === null) return;
    const known = frame as Record<string, unknown>;
    if (known.type === "error" && typeof known.message === "string") this.message = known.message;
    else this.failures = 0; // it works: a refusal comes as an error alone
    this.handlers.onFrame(known);
  }

  private lost(code: number): void {
    this.socket = null;
    if (FINAL.has(code)) {
      this.tell({ status: "closed", since: new Date(), nextTry: null, code, message: this.message });
      return;
    }
    const wait = delay(this.failures);
    this.failures += 1;
    const since = this.state.status === "waiting" ? this.state.since : new Date();
    this.tell({ status: "waiting", since, nextTry: new Date(Date.now() + wait), message: this.message });
    this.timer = setTimeout(() => this.open(), wait);
  }

  private tell(change: Partial<SocketState>): void {
    this.state = { ...this.state, ...change };
    this.handlers.onState?.(this.state);
  }
}

/** Milliseconds until the next try, spread so that many pages do not come back in the same moment. */
export function delay(failures: number, random: () => number = Math.random): number {
  const seconds = DELAYS_S[Math.min(failures, DELAYS_S.length - 1)] ?? 0;
  return seconds * 1000 * (0.75 + random() * 0.5);
}
