import { describe, expect, it } from "vitest";
import type { ServerItem } from "../api/client";
import { de } from "../words/de";
import { en } from "../words/en";
import { zh } from "../words/zh";
import { helpOf, type ReasonCode, reasonOf } from "./reason";

const server = (statusReasonCode: ServerItem["statusReasonCode"], statusReasonParams: Record<string, unknown> = {}) =>
  ({ statusReason: "The English sentence.", statusReasonCode, statusReasonParams });

// Each code, with the parameters that it has at most.
const CODES: Record<ReasonCode, Record<string, unknown>> = {
  never_started: {}, start_failed: { message: "no such image" }, ended: { exitCode: 0 }, crashed: { exitCode: 1, said: "boom" },
  oom_killed: { exitCode: 137 }, killed: { exitCode: 137 }, stop_timed_out: { exitCode: 137 },
  crash_loop: { exitCode: 1, oomKilled: false, restarts: 5 }, paused: {}, unhealthy: { message: null, restarts: 3, exitCode: 1 },
  restarted: { restarts: 3, healthCheck: false }, no_health_check: {}, asleep: {}, other_game: { game: "lobby", status: "CREATED" },
  engine_away: { message: "no socket" }, container_unread: { message: "busy" }, owner_unknown: { container: "0123456789ab", message: "busy" },
};

describe("a reason", () => {
  it.each(Object.entries(CODES))("%s has words in each language, of its own", (code, params) => {
    const told = [en, de, zh].map((words) => reasonOf(server(code as ReasonCode, params), words));
    expect(told.every((one) => one && !one.isEnglish && one.sentence.trim() !== "")).toBe(true);
    expect(told.map((one) => one?.sentence).join()).not.toMatch(/undefined|NaN|null/);
    expect(new Set(told.map((one) => one?.sentence)).size).toBe(3);
    const named = [params.exitCode, params.game, params.container].filter((one) => one !== undefined && one !== 0 && code !== "unhealthy");
    for (const one of told) for (const fact of named) expect(one?.sentence).toContain(String(fact));
  });

  it("quotes what the game or the engine said", () => {
    expect(reasonOf(server("crashed", { exitCode: 1, said: "boom" }), en)?.quoted).toBe("boom");
    expect(reasonOf(server("start_failed", { message: "no such image" }), de)?.quoted).toBe("no such image");
  });

  it("names the game, the cause and the end before, where they are known", () => {
    expect(reasonOf(server("killed", { exitCode: 137, game: "lobby" }), en)?.sentence).toContain("lobby");
    expect(reasonOf(server("crashed", { exitCode: 1, cause: "java_too_old", javaNeeded: 25, java: 21 }), en)?.sentence).toMatch(/25.*21/);
    expect(reasonOf(server("crashed", { exitCode: 1, cause: "java_too_old", javaNeeded: 25, java: null }), en)?.sentence).not.toContain("null");
    expect(reasonOf(server("crash_loop", { exitCode: 137, oomKilled: true, restarts: 2 }), en)?.sentence).toContain("memory");
  });

  it("of a newer panel is the panel's own sentence", () => {
    const told = reasonOf(server("moon_is_full" as ReasonCode), de);
    expect(told).toEqual({ sentence: "The English sentence.", quoted: "", isEnglish: true });
    expect(reasonOf({ ...server(null), statusReason: null }, de)).toBeNull();
  });

  it("has what helps", () => {
    expect(helpOf(server("oom_killed"), en)).toBe(en.reasonHelp.memory);
    expect(helpOf(server("crash_loop", { oomKilled: true }), en)).toBe(en.reasonHelp.memory);
    expect(helpOf(server("crashed", { cause: "java_too_old" }), en)).toBe(en.reasonHelp.javaTooOld);
    expect(helpOf(server("crash_loop", { oomKilled: false }), en)).toBe(en.reasonHelp.crashed);
    expect(helpOf(server("ended"), en)).toBe("");
  });
});
