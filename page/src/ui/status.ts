// Which shape, word and tone a server's status has. The reason's beginning tells apart what the status does not.
import type { ServerItem } from "../api/client";
import type { Words } from "../words/en";

export type Shape = "disc" | "ring" | "triangle" | "pause" | "loop" | "part" | "square" | "diamond" | "dashed" | "question";
export type Tone = "ok" | "warn" | "bad" | "info" | "quiet";
export type Condition = Exclude<keyof Words["status"], "since" | "problem">;

export interface Look { condition: Condition; shape: Shape; tone: Tone }

type Known = Pick<ServerItem, "status" | "statusReason">;
const ENDED_WELL = /Exited with code (0|130|143)\b|^Stopped, but/;

export function conditionOf({ status, statusReason }: Known): Condition {
  const reason = statusReason ?? "";
  switch (status) {
    case "HEALTHY":
      return "running";
    case "RUNNING":
      if (reason.startsWith("The container is paused")) return "paused";
      if (reason.startsWith("Crash loop")) return "loop";
      if (reason === "") return "running";
      return reason.startsWith("No health check is on") && !reason.includes("Restarted") ? "noCheck" : "unwell";
    case "STARTING":
      return "starting";
    case "CREATED":
      if (reason === "" || reason === "Never started.") return "stopped";
      return ENDED_WELL.test(reason) ? "stopped" : "crashed";
    case "EXISTS":
      return "never";
    case "REMOVED":
      return "removed";
    default:
      return "unknown";
  }
}

const LOOKS: Record<Condition, [Shape, Tone]> = {
  running: ["disc", "ok"], noCheck: ["ring", "ok"], unwell: ["triangle", "warn"], paused: ["pause", "info"], loop: ["loop", "bad"],
  starting: ["part", "info"], stopped: ["square", "quiet"], crashed: ["diamond", "bad"], never: ["dashed", "quiet"],
  removed: ["dashed", "quiet"], unknown: ["question", "warn"],
};

export function lookOf(server: Known): Look {
  const condition = conditionOf(server);
  const [shape, tone] = LOOKS[condition];
  return { condition, shape, tone };
}

export function isRunning(server: Known): boolean {
  return server.status === "HEALTHY" || server.status === "RUNNING" || server.status === "STARTING";
}
