// What the palette offers: where one may go, and what one may do now.
import type { ServerItem, Work } from "../api/client";
import type { Action } from "../live/operations";
import { isRunning } from "../ui/status";
import type { Words } from "../words/en";

export type Deed = { to: string } | { server: ServerItem; action: Action | "backup" } | { signOut: true } | { keys: true };
export interface Entry { id: string; label: string; deed: Deed }

interface Known {
  servers: ServerItem[];
  may: (serverId: string, verb: "power" | "backup") => boolean;
  mayCreate: boolean;
  isAway: boolean;
  running: (serverId: string) => Work | undefined;
}

export function entries(words: Words, { servers, may, mayCreate, isAway, running }: Known): Entry[] {
  const go = (to: string, label: string): Entry => ({ id: to, label, deed: { to } });
  const acts = isAway ? [] : servers.filter((one) => one.status !== "UNKNOWN" && !running(one.id));
  return [
    ...servers.map((one) => go(`/servers/${one.id}`, one.name)),
    go("/", words.shell.overview), go("/activity", words.activity.title), go("/me", words.me.title),
    ...(mayCreate ? [go("/new", words.newServer.title)] : []),
    ...acts.flatMap((server) => [
      ...(may(server.id, "power") ? powers(server).map((action) => doing(words, server, action)) : []),
      ...(may(server.id, "backup") ? [doing(words, server, "backup" as const)] : []),
    ]),
    { id: "keys", label: words.keys.title, deed: { keys: true } },
    ...(isAway ? [] : [{ id: "out", label: words.shell.signOut, deed: { signOut: true } as const }]),
  ];
}

function powers(server: ServerItem): Action[] {
  if (isRunning(server)) return ["stop", "restart"];
  return [server.status === "EXISTS" ? "up" : "start"];
}

function doing(words: Words, server: ServerItem, action: Action | "backup"): Entry {
  const names: Partial<Record<typeof action, string>> = { stop: words.acts.stop, restart: words.acts.restart, backup: words.matters.backUp };
  return { id: `${action} ${server.id}`, label: words.acts.labelled(names[action] ?? words.acts.start, server.name), deed: { server, action } };
}
