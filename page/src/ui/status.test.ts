import { describe, expect, it } from "vitest";
import { conditionOf } from "./status";

describe("a status", () => {
  it.each([
    ["HEALTHY", null, "running"], ["RUNNING", null, "running"], ["STARTING", null, "starting"], ["EXISTS", null, "never"],
    ["RUNNING", "no_health_check", "noCheck"], ["RUNNING", "restarted", "unwell"], ["RUNNING", "unhealthy", "unwell"],
    ["RUNNING", "paused", "paused"], ["RUNNING", "asleep", "paused"], ["RUNNING", "crash_loop", "loop"], ["RUNNING", "other_game", "unwell"],
    ["CREATED", null, "stopped"], ["CREATED", "ended", "stopped"], ["CREATED", "never_started", "stopped"], ["CREATED", "stop_timed_out", "stopped"],
    ["CREATED", "crashed", "crashed"], ["CREATED", "killed", "crashed"], ["CREATED", "oom_killed", "crashed"], ["CREATED", "start_failed", "crashed"],
    ["UNKNOWN", "engine_away", "unknown"],
  ] as const)("%s, %s is %s", (status, statusReasonCode, condition) => {
    expect(conditionOf({ status, statusReasonCode })).toBe(condition);
  });
});
