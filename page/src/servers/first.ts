// How far the first start of a server is.
import type { Operation } from "../api/client";
import { conditionOf, type Known } from "../ui/status";

export type Step = "done" | "now" | "later" | "failed";
export interface Steps { container: Step; game: Step; ready: Step }

/**
 * @param start what the operation that starts it has come to; nothing when nobody follows one.
 */
export function stepsOf(server: Known, start: Operation["state"] | undefined): Steps {
  const condition = conditionOf(server);
  switch (condition) {
    case "running":
    case "noCheck":
      return { container: "done", game: "done", ready: "done" };
    case "starting":
      return { container: "done", game: "now", ready: "later" };
    case "unwell":
    case "loop":
    case "crashed":
      return { container: "done", game: "failed", ready: "later" };
    case "paused":
      return { container: "done", game: "now", ready: "later" };
    default:
      if (start === "running") return { container: "now", game: "later", ready: "later" };
      return { container: start === undefined || start === "succeeded" ? "later" : "failed", game: "later", ready: "later" };
  }
}
