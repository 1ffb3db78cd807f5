// A server that is still to be made: what was typed, what is wrong with it, and what is sent of it.
import type { Schemas, ServerItem } from "../api/client";

export type Wanted = Schemas["ServerCreateRequest"];
export type Java = "auto" | "8" | "11" | "17" | "21" | "25";
export const JAVAS: Java[] = ["auto", "25", "21", "17", "11", "8"];
export const LATEST = "LATEST";

export interface Draft {
  way: "form" | "compose";
  name: string;
  type: string;
  version: string;
  memoryMib: number;
  isAccepted: boolean; // Minecraft's EULA
  port: string; // "" leaves it to the panel
  players: string;
  isOnline: boolean;
  motd: string;
  java: Java;
  compose: string;
  findings: string[]; // codes that an owner accepts for exactly this text
}

const MIB = 1024 * 1024;
const GIB_IN_MIB = 1024;
export const STEP_MIB = 512;
const USUAL_MIB = 2 * GIB_IN_MIB;
const MOST_MIB = 32 * GIB_IN_MIB;
const ID = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;
const MOST_PORT = 65_535;
const MOST_PLAYERS = 2 ** 31 - 1;

/** The id that a name becomes: what a folder and a container can be called. "" where nothing of it is left. */
export function idOf(name: string): string {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.replace(/[^a-z0-9_-]+/g, "-").replace(/^[^a-z0-9]+|-+$/g, "").slice(0, 63).replace(/-+$/, "");
}

/** A first name that nobody has: "survival", then "survival-2" and on. */
export function freeName(taken: Iterable<string>): string {
  const ids = new Set(taken);
  for (let number = 1; ; number++) {
    const name = number === 1 ? "survival" : `survival-${number}`;
    if (!ids.has(name)) return name;
  }
}

/** How much the slider ends at: what the machine has, in whole steps. */
export function mostMemory(totalBytes: number | null): number {
  if (totalBytes === null) return MOST_MIB;
  return Math.max(USUAL_MIB, Math.floor(totalBytes / MIB / STEP_MIB) * STEP_MIB);
}

/** What the container may take: Java needs memory beside its heap (the rule of the panel's own template). */
export function containerMib(heapMib: number): number {
  return heapMib + Math.max(GIB_IN_MIB, Math.floor(heapMib / 4));
}

export function begin(defaults: Schemas["Defaults"], taken: string[]): Draft {
  const type = defaults.types.includes("PAPER") ? "PAPER" : defaults.types[0] ?? "";
  return {
    way: "form", name: freeName(taken), type, version: LATEST, memoryMib: USUAL_MIB, isAccepted: false, port: "", players: "20",
    isOnline: true, motd: "", java: "auto", compose: "", findings: [],
  };
}

export type Wrong = "noId" | "taken" | "version" | "port" | "portTaken" | "players" | "eula" | "compose";
export type Wrongs = Partial<Record<"name" | "version" | "port" | "players" | "eula" | "compose", { what: Wrong; whose?: string }>>;

/** What is wrong with a draft, by field, before anything is sent. */
export function wrongs(draft: Draft, servers: Pick<ServerItem, "id" | "gamePort">[]): Wrongs {
  const found: Wrongs = {};
  const id = idOf(draft.name);
  if (!ID.test(id)) found.name = { what: "noId" };
  else if (servers.some((one) => one.id === id)) found.name = { what: "taken" };
  if (draft.way === "compose") {
    if (draft.compose.trim() === "") found.compose = { what: "compose" };
    return found;
  }
  if (!VERSION.test(draft.version.trim())) found.version = { what: "version" };
  if (!draft.isAccepted) found.eula = { what: "eula" };
  if (!isWhole(draft.players, MOST_PLAYERS)) found.players = { what: "players" };
  if (draft.port === "") return found;
  const owner = servers.find((one) => one.gamePort === Number(draft.port));
  if (!isWhole(draft.port, MOST_PORT)) found.port = { what: "port" };
  else if (owner) found.port = { what: "portTaken", whose: owner.id };
  return found;
}

function isWhole(text: string, most: number): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) >= 1 && Number(text) <= most;
}

/** What is sent. What was left as it was is left to the panel, which also finds free ports. */
export function bodyOf(draft: Draft): Wanted {
  const id = idOf(draft.name);
  if (draft.way === "compose") {
    return { id, yaml_content: draft.compose, ...(draft.findings.length > 0 && { accept_findings: draft.findings }) };
  }
  return {
    id, type: draft.type, version: draft.version.trim(), java: draft.java, max_memory: `${draft.memoryMib}M`, accept_eula: draft.isAccepted,
    max_players: Number(draft.players), online_mode: draft.isOnline,
    ...(draft.motd.trim() !== "" && { motd: draft.motd.trim() }), ...(draft.port !== "" && { game_port: Number(draft.port) }),
  };
}
