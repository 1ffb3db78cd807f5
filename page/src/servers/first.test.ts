import { describe, expect, it } from "vitest";
import type { ServerItem } from "../api/client";
import { stepsOf } from "./first";

const server = (status: ServerItem["status"], statusReasonCode: ServerItem["statusReasonCode"] = null) => ({ status, statusReasonCode });

describe("the first start", () => {
  it("is as far as status and operation say", () => {
    expect(stepsOf(server("EXISTS"), "running")).toEqual({ container: "now", game: "later", ready: "later" });
    expect(stepsOf(server("STARTING"), "running")).toEqual({ container: "done", game: "now", ready: "later" });
    expect(stepsOf(server("HEALTHY"), undefined)).toEqual({ container: "done", game: "done", ready: "done" });
  });

  it("says which step failed", () => {
    expect(stepsOf(server("EXISTS"), "failed").container).toBe("failed");
    expect(stepsOf(server("EXISTS"), undefined).container).toBe("later");
    expect(stepsOf(server("CREATED", "crashed"), "succeeded").game).toBe("failed");
    expect(stepsOf(server("CREATED", "killed"), undefined).game).toBe("failed");
  });
});
