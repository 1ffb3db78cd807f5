import { describe, expect, it } from "vitest";
import { begin, bodyOf, containerMib, type Draft, freeName, idOf, mostMemory, wrongs } from "./draft";

const DEFAULTS = { gamePort: 25565, rconPort: 25575, types: ["VANILLA", "PAPER"], versions: {} };
const draft = (more: Partial<Draft> = {}): Draft => ({ ...begin(DEFAULTS, []), isAccepted: true, ...more });

describe("a name", () => {
  it("becomes an id that a folder can have", () => {
    expect(["My Server!", "Überleben", "  --x--  ", "a.b", "生存"].map(idOf)).toEqual(["my-server", "uberleben", "x", "a-b", ""]);
    expect(idOf(`${"a".repeat(62)} b`)).toBe("a".repeat(62));
  });

  it("is one that nobody has", () => {
    expect(freeName([])).toBe("survival");
    expect(freeName(["survival", "survival-2", "lobby"])).toBe("survival-3");
  });
});

describe("what is wrong", () => {
  const servers = [{ id: "lobby", gamePort: 25566 }];

  it("is nothing at the beginning but the EULA", () => {
    expect(wrongs(draft(), servers)).toEqual({});
    expect(wrongs(draft({ isAccepted: false }), servers)).toEqual({ eula: { what: "eula" } });
  });

  it("is told of each field", () => {
    expect(wrongs(draft({ name: "Lobby", port: "25566", version: "1 2", players: "0" }), servers)).toEqual({
      name: { what: "taken" }, port: { what: "portTaken", whose: "lobby" }, version: { what: "version" }, players: { what: "players" },
    });
    expect(wrongs(draft({ name: "生存", port: "70000" }), servers)).toEqual({ name: { what: "noId" }, port: { what: "port" } });
  });

  it("takes any version, also one that nobody has heard of", () => {
    for (const version of ["26.1.2.build.44", "LATEST", "24w14a", "1.21.4"]) expect(wrongs(draft({ version }), [])).toEqual({});
  });

  it("is only the text where a compose file is given", () => {
    expect(wrongs(draft({ way: "compose", isAccepted: false, players: "" }), [])).toEqual({ compose: { what: "compose" } });
  });
});

describe("what is sent", () => {
  it("leaves to the panel what was left as it was", () => {
    expect(bodyOf(draft({ name: "My Server" }))).toEqual({
      id: "my-server", type: "PAPER", version: "LATEST", java: "auto", max_memory: "2048M", accept_eula: true, max_players: 20, online_mode: true,
    });
  });

  it("is the text alone where there is one", () => {
    const text = draft({ way: "compose", compose: "services: {}", findings: ["privileged"] });
    expect(bodyOf(text)).toEqual({ id: "survival", yaml_content: "services: {}", accept_findings: ["privileged"] });
  });
});

describe("memory", () => {
  it("ends at what the machine has", () => {
    expect(mostMemory(7.8 * 1024 ** 3)).toBe(7680);
    expect(mostMemory(1024 ** 3)).toBe(2048);
    expect([1024, 2048, 8192].map(containerMib)).toEqual([2048, 3072, 10240]);
  });
});
