// What is under way on all servers, as the live socket tells it; what went wrong stays until it is read.
import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { api, asked, Failure, type Schemas, type Work } from "../api/client";
import type { OperationsFrame } from "./frames";
import { useLive } from "./live";
import { begun, unheard, worked } from "./work";

const SHOWN_AFTER_END_S = 8;

export type Action = Schemas["OperationRequestRequest"]["action"];

interface Operations {
  all: Work[];
  running: (serverId: string) => Work | undefined;
  begin: (serverId: string, action: Action) => Promise<void>;
  backUp: (serverId: string) => Promise<void>;
  cancel: (id: string) => Promise<void>;
  isCancelling: (id: string) => boolean; // it was asked to end, and cleans up
  dismiss: (id: string) => void;
  follow: (operation: Work) => void;
}

const OperationsContext = createContext<Operations | null>(null);

export function OperationsProvider({ children }: { children: ReactNode }) {
  const [all, setAll] = useState<Work[]>([]);
  const [cancelling, setCancelling] = useState<string[]>([]);
  const dismiss = useCallback((id: string) => setAll((before) => before.filter((one) => one.id !== id)), []);
  const follow = useCallback((operation: Work) => {
    setAll((before) => (before.some((one) => one.id === operation.id) ? before : [operation, ...before]));
  }, []);
  useHeard(all, setAll);
  useForgotten(all, dismiss);

  const value = useMemo<Operations>(() => ({
    all, dismiss, follow,
    running: (serverId) => all.find((one) => one.serverId === serverId && one.state === "running"),
    begin: async (serverId, action) => {
      const params = { path: { id: serverId }, header: { Prefer: "respond-async" } };
      const answer = await asked(api.POST("/api/servers/{id}/operations", { params, body: { action } }));
      follow(answer.operation);
    },
    backUp: async (serverId) => {
      const params = { path: { id: serverId }, header: { Prefer: "respond-async" } };
      const answer = await asked(api.POST("/api/servers/{id}/snapshots", { params, body: {} }));
      if ("operation" in answer) follow(answer.operation);
    },
    cancel: async (id) => {
      await asked(api.POST("/api/operations/{id}/cancel", { params: { path: { id } } }));
      setCancelling((before) => [...before, id]);
    },
    isCancelling: (id) => cancelling.includes(id),
  }), [all, cancelling, dismiss, follow]);
  return <OperationsContext.Provider value={value}>{children}</OperationsContext.Provider>;
}

/** Take in what the socket says; lists that were asked for are asked for anew when something began or ended. */
function useHeard(all: Work[], setAll: (change: (before: Work[]) => Work[]) => void): void {
  const { hear } = useLive();
  const client = useQueryClient();
  const present = useRef(all);
  useEffect(() => {
    present.current = all;
  }, [all]);
  useEffect(() => {
    const find = async (id: string) => {
      const found = await asked(api.GET("/api/operations/{id}", { params: { path: { id } } })).catch((problem: unknown) => problem);
      if (found instanceof Failure && found.status === 404) setAll((before) => before.filter((one) => one.id !== id));
      else if (!(found instanceof Error)) setAll((before) => before.map((one) => (one.id === id ? { ...one, ...(found as Work) } : one)));
    };
    return hear((frame: OperationsFrame, isWhole: boolean) => {
      if (isWhole) for (const id of unheard(present.current, frame)) void find(id);
      if (frame.ended.length > 0 || begun(present.current, frame).length > 0) {
        void client.invalidateQueries({ queryKey: ["operations"] });
        void client.invalidateQueries({ queryKey: ["attention"] });
      }
      setAll((before) => worked(before, frame));
    });
  }, [client, hear, setAll]);
}

/** What went well leaves by itself. */
function useForgotten(all: Work[], dismiss: (id: string) => void): void {
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
