// What the sockets say (docs/sockets.md, docs/console.md). Unknown types and fields are passed over.
import type { Operation, ServerItem, Work } from "../api/client";

export interface ServersFrame { type: "servers"; servers: ServerItem[] }
export interface ChangesFrame { type: "changes"; changed: (Partial<ServerItem> & { id: string })[]; removed: string[] }
export interface OperationsFrame { type: "operations"; changed: (Partial<Work> & { id: string })[]; ended: (Partial<Work> & { id: string })[] }
export interface ProgressFrame {
  type: "progress"; percent: number | null; message: string; bytesDone: number | null; bytesTotal: number | null; etaSeconds: number | null;
}
export interface OutputFrame { type: "output"; content: string }
export interface OperationFrame { type: "operation"; operation: Operation }
export interface LogFrame { type: "log" | "logs_refreshed"; content: string; seq: number; epoch: string }
export interface InfoFrame { type: "info"; message: string; lost?: number; seq?: number; epoch?: string }
export interface ResultFrame { type: "command_result"; command: string; result: string }
export interface CommandFrame { type: "command"; username: string; command: string }
export interface ErrorFrame { type: "error"; message: string }

export type LiveFrame = ServersFrame | ChangesFrame | OperationsFrame;
export type WorkFrame = OutputFrame | ProgressFrame | OperationFrame;
export type ConsoleFrame = LogFrame | InfoFrame | ResultFrame | CommandFrame | ErrorFrame;

/** Put what changed into a list; a new server comes whole. */
export function merged(before: ServerItem[], frame: ChangesFrame): ServerItem[] {
  const gone = new Set(frame.removed);
  const changed = new Map(frame.changed.map((one) => [one.id, one]));
  const kept = before.filter((one) => !gone.has(one.id)).map((one) => ({ ...one, ...changed.get(one.id) }));
  const known = new Set(before.map((one) => one.id));
  const fresh = frame.changed.filter((one): one is ServerItem => !known.has(one.id) && "status" in one);
  return [...kept, ...fresh].sort((a, b) => (a.id < b.id ? -1 : 1));
}
