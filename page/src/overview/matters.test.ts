import { expect, it } from "vitest";
import type { Matter, ServerItem } from "../api/client";
import { de } from "../words/de";
import { en } from "../words/en";
import { detailsOf, titleOf, worthAsking } from "./matters";

const matter = (more: Partial<Matter>): Matter => ({
  code: "server_down", params: {}, tone: "bad", sentence: "as the panel says it", advice: "", server_id: "lobby", since: null, action: "open_server", operation: "", ...more,
});

it("words a matter by its code in the reader's language", () => {
  expect(titleOf(matter({}), en, "en")).toBe("lobby has crashed");
  expect(titleOf(matter({ code: "operation_failed", params: { kind: "up", state: "failed", server: "lobby" } }), de, "de")).toBe("Starten · lobby: fehlgeschlagen");
  expect(titleOf(matter({ code: "disk_low", params: { disk: "the servers", freeBytes: 2 ** 30, totalBytes: 2 ** 36 }, server_id: "" }), de, "de"))
    .toMatch(/^Die Platte der Server ist fast voll: 1\sGB von 64\sGB sind frei$/);
});

it("tells a code that it does not know as the panel said it", () => {
  expect(titleOf(matter({ code: "quite_new" as Matter["code"] }), de, "de")).toBe("as the panel says it");
});

it("has the reason and what helps beside it", () => {
  expect(detailsOf(matter({ params: { reason: "Killed (exit code 137)." }, advice: "Start it." }))).toEqual(["Killed (exit code 137).", "Start it."]);
});

it("a figure is no reason to ask again, a status is", () => {
  const server = { id: "a", status: "HEALTHY", statusReason: null, problem: null, cpuPercentage: 1 } as ServerItem;
  expect(worthAsking([{ ...server, cpuPercentage: 2 }])).toBe(worthAsking([server]));
  expect(worthAsking([{ ...server, status: "CREATED" }])).not.toBe(worthAsking([server]));
});
