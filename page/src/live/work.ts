// What is under way on all servers, out of the frames of the live socket.
import type { Work } from "../api/client";
import type { OperationsFrame } from "./frames";

/** Take in a frame: new ones come whole, newest first; of known ones what differs. */
export function worked(before: Work[], frame: OperationsFrame): Work[] {
  const told = [...frame.changed, ...frame.ended];
  const changed = new Map(told.map((one) => [one.id, one]));
  return [...begun(before, frame), ...before.map((one) => ({ ...one, ...changed.get(one.id) }))];
}

/** Those that a frame brings whole and that were not there. */
export function begun(before: Work[], frame: OperationsFrame): Work[] {
  const known = new Set(before.map((one) => one.id));
  const fresh = [...frame.changed, ...frame.ended].filter((one): one is Work => !known.has(one.id) && "serverId" in one);
  return fresh.sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
}

/** Those that ran, and of which a list of all that runs says nothing: they ended while nobody heard it. */
export function unheard(before: Work[], frame: OperationsFrame): string[] {
  const running = new Set(frame.changed.map((one) => one.id));
  return before.filter((one) => one.state === "running" && !running.has(one.id)).map((one) => one.id);
}
