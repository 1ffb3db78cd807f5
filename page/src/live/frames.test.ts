import { describe, expect, it } from "vitest";
import type { ServerItem } from "../api/client";
import { merged } from "./frames";
import { delay } from "./socket";

const server = (id: string, more: Partial<ServerItem> = {}) => ({ id, status: "EXISTS", cpuPercentage: null, ...more }) as ServerItem;

describe("the live list", () => {
  it("takes what changed, what is new and what is gone", () => {
    const before = [server("a"), server("b"), server("c", { cpuPercentage: 5 })];
    const after = merged(before, {
      type: "changes", changed: [{ id: "c", status: "HEALTHY" }, server("bb")], removed: ["a"],
    });
    expect(after.map((one) => one.id)).toEqual(["b", "bb", "c"]);
    expect(after[2]).toMatchObject({ status: "HEALTHY", cpuPercentage: 5 });
    expect(before).toHaveLength(3);
  });

  it("passes over a part of a server that it does not know", () => {
    expect(merged([], { type: "changes", changed: [{ id: "x", cpuPercentage: 3 }], removed: [] })).toEqual([]);
  });
});

describe("coming back", () => {
  it("waits longer each time, and not all pages alike", () => {
    expect([0, 1, 2, 5, 50].map((one) => delay(one, () => 0.5))).toEqual([500, 1000, 2000, 15000, 15000]);
    expect(delay(0, () => 0)).toBeLessThan(delay(0, () => 1));
  });
});
