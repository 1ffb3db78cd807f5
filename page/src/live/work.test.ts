import { expect, it } from "vitest";
import type { Work } from "../api/client";
import type { OperationsFrame } from "./frames";
import { begun, unheard, worked } from "./work";

const work = (id: string, more: Partial<Work> = {}) => ({ id, serverId: "lobby", state: "running", startedAt: `2026-11-30T12:00:0${id}Z`, ...more }) as Work;
const frame = (changed: OperationsFrame["changed"], ended: OperationsFrame["ended"] = []): OperationsFrame => ({ type: "operations", changed, ended });

it("new ones come first, known ones take what differs, unknown parts are passed over", () => {
  const after = worked([work("1")], frame([work("2"), work("3"), { id: "9", percent: 3 }], [{ id: "1", state: "failed", error: "No space." }]));
  expect(after.map((one) => one.id)).toEqual(["3", "2", "1"]);
  expect(after[2]).toMatchObject({ state: "failed", error: "No space.", serverId: "lobby" });
  expect(begun([work("1")], frame([work("1")]))).toEqual([]);
});

it("one that a list of all that runs leaves out is asked for", () => {
  expect(unheard([work("1"), work("2"), work("3", { state: "succeeded" })], frame([work("2")]))).toEqual(["1"]);
});
