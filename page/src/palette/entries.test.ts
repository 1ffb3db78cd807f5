import { describe, expect, it } from "vitest";
import type { ServerItem, Work } from "../api/client";
import { en } from "../words/en";
import { entries } from "./entries";

const server = (id: string, status: string) => ({ id, name: id, status }) as unknown as ServerItem;
const ALL = { servers: [server("lobby", "HEALTHY"), server("old", "EXISTS")], may: () => true, mayCreate: true, isAway: false, running: () => undefined };
const ids = (known: Partial<typeof ALL> | object) => entries(en, { ...ALL, ...known }).map((one) => one.id);

describe("what the palette offers", () => {
  it("is every screen and what fits the state of each server", () => {
    expect(ids({})).toEqual([
      "/servers/lobby", "/servers/old", "/", "/activity", "/me", "/new",
      "stop lobby", "restart lobby", "backup lobby", "up old", "backup old", "keys", "out",
    ]);
  });

  it.each([
    ["without the right to power", { may: (_: string, verb: string) => verb !== "power" }, ["stop lobby", "restart lobby", "up old"]],
    ["without the right to back up", { may: (_: string, verb: string) => verb !== "backup" }, ["backup lobby", "backup old"]],
    ["without the right to make servers", { mayCreate: false }, ["/new"]],
    ["without a connection", { isAway: true }, ["stop lobby", "restart lobby", "backup lobby", "up old", "backup old", "out"]],
    ["while something runs", { running: (id: string) => (id === "lobby" ? ({} as Work) : undefined) }, ["stop lobby", "restart lobby", "backup lobby"]],
    ["without the engine", { servers: [server("lobby", "UNKNOWN"), server("old", "EXISTS")] }, ["stop lobby", "restart lobby", "backup lobby"]],
  ])("%s it lacks what is not possible", (_, known, missing) => {
    expect(ids({}).filter((one) => !ids(known).includes(one))).toEqual(missing);
  });
});
