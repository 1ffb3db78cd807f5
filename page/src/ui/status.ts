// Which shape, word and tone a server's status has. The reason's code tells apart what the status does not.
import type { ServerItem } from "../api/client";
import type { Words } from "../words/en";

export type Shape = "disc" | "ring" | "triangle" | "pause" | "loop" | "part" | "square" | "diamond" | "dashed" | "question";
export type Tone = "ok" | "warn" | "bad" | "info" | "quiet";
export type Condition = Exclude<keyof Words["status"], "since" | "problem">;

export interface Look { condition: Condition; shape: Shape; tone: Tone }

export type Known = Pick<ServerItem, "status" | "statusReasonCode">;

export function conditionOf({ status, statusReasonCode: code }: Known): Condition {
  switch (status) {
    case "HEALTHY":
      return "running";
    case "RUNNING":
      if (code === "paused" || code === "asleep") return "paused";
      if (code === "crash_loop") return "loop";
      if (!code) return "running";
      return code === "no_health_check" ? "noCheck" : "unwell";
    case "STARTING":
      return "starting";
    case "CREATED":
      return !code || code === "never_started" || code === "ended" || code === "stop_timed_out" ? "stopped" : "crashed";
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
