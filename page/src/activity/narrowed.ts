// By what the list of operations is narrowed, as it stands in the address.
import type { Work } from "../api/client";

export type State = Work["state"];
export interface Narrowed { server?: string; state?: State; kind?: string; user?: string }

export const ALONE = "-"; // of no single server; no server is called that
export const STATES = ["running", "failed", "interrupted", "cancelled", "succeeded"] as const satisfies readonly State[];
export const KINDS = [
  "up", "start", "stop", "restart", "down", "kill", "pull", "create", "update", "remove", "backup", "restore", "preview", "verify",
  "forget", "prune", "check", "delete_snapshot", "adopt_instance", "copy_files", "delete_files", "extract_files",
] as const;

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined; // a server may be called 1

/** Out of the parts of an address: what is none of ours is passed over. */
export function narrowedBy(search: Record<string, unknown>): Narrowed {
  const found: Narrowed = { server: text(search.server), state: STATES.find((one) => one === search.state), kind: text(search.kind), user: text(search.user) };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** Seconds that it took; null while it runs. */
export function took({ startedAt, finishedAt }: Pick<Work, "startedAt" | "finishedAt">): number | null {
  if (finishedAt === null) return null;
  return Math.max(0, Math.round((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000));
}
