// What was begun from this tab, or was under way when a server was opened: followed until it ends, failures until read.
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { api, asked, type Operation, type Schemas } from "../api/client";
import type { WorkFrame } from "./frames";
import { LiveSocket } from "./socket";

const SHOWN_AFTER_END_S = 8;
const MOST_SOCKETS = 3;

export type Action = Schemas["OperationRequestRequest"]["action"];

interface Operations {
  all: Operation[];
  running: (serverId: string) => Operation | undefined;
  begin: (serverId: string, action: Action) => Promise<void>;
  cancel: (id: string) => Promise<void>;
  dismiss: (id: string) => void;
  follow: (operation: Operation) => void;
}

const OperationsContext = createContext<Operations | null>(null);

export function OperationsProvider({ children }: { children: ReactNode }) {
  const [all, setAll] = useState<Operation[]>([]);
  const change = useCallback((id: string, fields: Partial<Operation>) => {
    setAll((before) => before.map((one) => (one.id === id ? { ...one, ...fields } : one)));
  }, []);
  const dismiss = useCallback((id: string) => setAll((before) => before.filter((one) => one.id !== id)), []);
  const follow = useCallback((operation: Operation) => {
    setAll((before) => (before.some((one) => one.id === operation.id) ? before : [operation, ...before]));
  }, []);
  useFollowed(all, change, dismiss);
  useForgotten(all, dismiss);

  const value = useMemo<Operations>(() => ({
    all, dismiss, follow,
    running: (serverId) => all.find((one) => one.serverId === serverId && one.state === "running"),
    begin: async (serverId, action) => {
      const params = { path: { id: serverId }, header: { Prefer: "respond-async" } };
      const answer = await asked(api.POST("/api/servers/{id}/operations", { params, body: { action } }));
      follow(answer.operation);
    },
    cancel: async (id) => {
      await asked(api.POST("/api/operations/{id}/cancel", { params: { path: { id } } }));
    },
  }), [all, dismiss, follow]);
  return <OperationsContext.Provider value={value}>{children}</OperationsContext.Provider>;
}

/** Keep a socket to the first few that run; the next one follows when one has ended. */
function useFollowed(all: Operation[], change: (id: string, fields: Partial<Operation>) => void, forget: (id: string) => void): void {
  const sockets = useRef(new Map<string, LiveSocket>());
  useEffect(() => {
    const wanted = all.filter((one) => one.state === "running").slice(-MOST_SOCKETS).map((one) => one.id);
    for (const [id, socket] of sockets.current) {
      if (wanted.includes(id)) continue;
      socket.close();
      sockets.current.delete(id);
    }
    for (const id of wanted) {
      if (sockets.current.has(id)) continue;
      sockets.current.set(id, new LiveSocket({
        url: () => `/api/operations/${id}`,
        onFrame: (raw) => {
          const frame = raw as unknown as WorkFrame;
          if (frame.type === "operation") change(id, frame.operation);
          else if (frame.type === "progress") change(id, { percent: frame.percent, stage: frame.message });
        },
        onState: ({ status, code, message }) => {
          if (status !== "closed" || code === 1000) return;
          if (code === 4401) forget(id); // the session ended: its server's page finds it again
          else change(id, { state: "interrupted", error: message });
        },
      }));
    }
  }, [all, change, forget]);
  useEffect(() => {
    const opened = sockets.current;
    return () => {
      for (const socket of opened.values()) socket.close();
      opened.clear();
    };
  }, []);
}

/** What went well leaves by itself. */
function useForgotten(all: Operation[], dismiss: (id: string) => void): void {
  const timers = useRef(new Map<string, ReturnType<typeof setTimeout>>());
  useEffect(() => {
    for (const { id, state, warnings } of all) {
      if (state !== "succeeded" || warnings.length > 0 || timers.current.has(id)) continue;
      timers.current.set(id, setTimeout(() => dismiss(id), SHOWN_AFTER_END_S * 1000));
    }
  }, [all, dismiss]);
}

export function useOperations(): Operations {
  const found = useContext(OperationsContext);
  if (!found) throw new Error("useOperations needs an OperationsProvider");
  return found;
}
