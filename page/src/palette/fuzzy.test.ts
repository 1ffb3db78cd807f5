import { describe, expect, it } from "vitest";
import { best, fitness } from "./fuzzy";

describe("what fits what was typed", () => {
  it.each([
    ["", "Overview"], ["over", "Overview"], ["OVER", "Overview"], ["sv", "Stop survival"], ["stsu", "Start survival"], ["surv start", "Start survival"],
    ["vival", "survival"], ["über", "Übersicht – Über alles"], ["概览", "概览"], ["s2", "server-2"],
  ])("%s fits %s", (typed, text) => expect(fitness(typed, text)).toBeGreaterThan(0));

  it.each([["x", "Overview"], ["survive", "survival"], ["start lobby", "Start survival"], ["lavivrus", "survival"]])(
    "%s does not fit %s", (typed, text) => expect(fitness(typed, text)).toBe(0),
  );

  it.each([
    ["st", ["Stop survival", "survival", "Start survival", "Last"], ["Stop survival", "Start survival", "Last"]],
    ["lobby", ["Back up lobby", "lobby", "creative-lobby"], ["lobby", "Back up lobby", "creative-lobby"]],
    ["rs", ["Persist", "Restart survival"], ["Persist", "Restart survival"]],
  ])("of what fits %s the best comes first", (typed, given, wanted) => {
    expect(best(typed, given.map((label) => ({ label }))).map((one) => one.label)).toEqual(wanted);
  });
});
