// The one socket of a tab that says what the servers do; its list is where every screen reads them.
import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import type { ServerItem } from "../api/client";
import { type LiveFrame, merged, type OperationsFrame } from "./frames";
import { LiveSocket, type SocketState } from "./socket";

const QUIET_S = 2; // a shorter break is nobody's business

interface Live {
  servers: ServerItem[] | null; // null until the first list came
  state: SocketState;
  isAway: boolean; // the connection is lost for longer than a blink
  tryNow: () => void;
  /** Hear what the socket says of operations; the answer ends that. `isWhole`: it is all that runs. */
  hear: (listener: Listener) => () => void;
}

type Listener = (frame: OperationsFrame, isWhole: boolean) => void;

const START: SocketState = { status: "connecting", since: new Date(), nextTry: null, code: 0, message: "" };
const LiveContext = createContext<Live>({ servers: null, state: START, isAway: false, tryNow: () => undefined, hear: () => () => undefined });

export function LiveProvider({ onEnded, isOn, children }: { onEnded: () => void; isOn: boolean; children: ReactNode }) {
  const client = useQueryClient();
  const [servers, setServers] = useState<ServerItem[] | null>(null);
  const [state, setState] = useState<SocketState>(START);
  const [socket, setSocket] = useState<LiveSocket | null>(null);
  const listeners = useRef(new Set<Listener>());
  const hear = useCallback((listener: Listener) => {
    listeners.current.add(listener);
    return () => void listeners.current.delete(listener);
  }, []);

  useEffect(() => {
    if (!isOn) return;
    let isWhole = true;
    const opened = new LiveSocket({
      url: () => "/api/servers/live?also=operations",
      onFrame: (raw) => {
        const frame = raw as unknown as LiveFrame;
        if (frame.type === "servers") {
          isWhole = true; // it begins anew, with other rights perhaps
          setServers([...frame.servers].sort((a, b) => (a.id < b.id ? -1 : 1)));
          client.invalidateQueries({ queryKey: ["rights"] });
        } else if (frame.type === "changes") {
          setServers((before) => merged(before ?? [], frame));
        } else if (frame.type === "operations") {
          for (const listener of listeners.current) listener(frame, isWhole);
          isWhole = false;
        }
      },
      onState: (next) => {
        setState(next);
        if (next.status === "open") isWhole = true;
        if (next.status === "closed") onEnded();
      },
    });
    setSocket(opened);
    return () => opened.close();
  }, [client, onEnded, isOn]);

  const isAway = useIsAway(state);
  const live = useMemo(
    () => ({ servers, state, isAway, tryNow: socket?.tryNow ?? (() => undefined), hear }), [servers, state, isAway, socket, hear],
  );
  return <LiveContext.Provider value={live}>{children}</LiveContext.Provider>;
}

function useIsAway(state: SocketState): boolean {
  const [isAway, setIsAway] = useState(false);
  const isLost = state.status === "waiting";
  useEffect(() => {
    if (!isLost) {
      setIsAway(false);
      return;
    }
    const timer = setTimeout(() => setIsAway(true), QUIET_S * 1000);
    return () => clearTimeout(timer);
  }, [isLost]);
  return isAway;
}

export function useLive(): Live {
  return useContext(LiveContext);
}

export function useServer(id: string): ServerItem | undefined {
  return useLive().servers?.find((one) => one.id === id);
}
