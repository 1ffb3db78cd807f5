import { expect, it } from "vitest";
import { ownAddress } from "../signin/SignInScreen";
import { agentName } from "./agents";

it.each([
  ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36", "Chrome · Linux"],
  ["Mozilla/5.0 (Windows NT 10.0) Chrome/150.0 Safari/537.36 Edg/150.0", "Edge · Windows"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari · iOS"],
  ["my-bot 1.0", "my-bot 1.0"],
])("%s is %s", (agent, name) => {
  expect(agentName(agent)).toBe(name);
});

it.each([
  ["/servers/lobby", "/servers/lobby"], [undefined, "/"], ["//evil.example", "/"], ["https://evil.example", "/"], ["/\\evil.example", "/"],
  ["/\t/evil.example", "/"],
])("after signing in, %s leads to %s", (next, address) => {
  expect(ownAddress(next)).toBe(address);
});
