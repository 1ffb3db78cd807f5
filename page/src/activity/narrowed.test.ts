import { expect, it } from "vitest";
import { narrowedBy, took } from "./narrowed";

it("takes from an address what it knows", () => {
  expect(narrowedBy({ server: 1, state: "failed", kind: "", user: "olga", odd: "x" })).toEqual({ server: "1", state: "failed", user: "olga" });
  expect(narrowedBy({ state: "broken" })).toEqual({});
});

it("tells how long one took, and nothing of one that runs", () => {
  expect(took({ startedAt: "2026-11-30T12:00:00Z", finishedAt: "2026-11-30T12:00:41.4Z" })).toBe(41);
  expect(took({ startedAt: "2026-11-30T12:00:00Z", finishedAt: null })).toBeNull();
});
