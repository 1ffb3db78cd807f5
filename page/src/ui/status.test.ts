import { describe, expect, it } from "vitest";
import type { ServerItem } from "../api/client";
import { conditionOf } from "./status";

const known = (status: ServerItem["status"], statusReason: string | null = null) => ({ status, statusReason });

describe("a status", () => {
  it.each([
    ["HEALTHY", null, "running"], ["RUNNING", null, "running"], ["STARTING", null, "starting"], ["EXISTS", null, "never"],
    ["RUNNING", "No health check is on, in the image or in the compose file.", "noCheck"],
    ["RUNNING", "No health check is on, in the image or in the compose file. Restarted 3 times since it was started by hand.", "unwell"],
    ["RUNNING", "Unhealthy: the health check fails", "unwell"], ["RUNNING", "The container is paused.", "paused"],
    ["RUNNING", "Crash loop: exited with code 1, 5 restarts.", "loop"],
    ["CREATED", "Exited with code 0.", "stopped"], ["CREATED", "Exited with code 143.", "stopped"], ["CREATED", "Never started.", "stopped"],
    ["CREATED", "Stopped, but it did not end within its grace period and was killed (exit code 137).", "stopped"],
    ["CREATED", "Exited with code 1. The port is in use.", "crashed"], ["CREATED", "Killed (exit code 137).", "crashed"],
    ["CREATED", "Exited with code 1430.", "crashed"],
    ["CREATED", "OOM-killed: it reached its memory limit (exit code 137).", "crashed"], ["UNKNOWN", null, "unknown"],
  ] as const)("%s, %s is %s", (status, reason, condition) => {
    expect(conditionOf(known(status, reason))).toBe(condition);
  });
});
