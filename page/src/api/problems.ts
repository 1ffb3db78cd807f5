// Codes of the panel's problems in the reader's words. What has none here is told as the panel said it.
import type { Words } from "../words/en";
import { Failure } from "./client";

export function sentence(problem: unknown, words: Words): string {
  if (!(problem instanceof Failure)) return words.problems.crashed;
  if (problem.status === 0) return words.problems.noAnswer;
  switch (problem.code) {
    case "wrong_credentials":
      return words.problems.wrongCredentials;
    case "throttled":
      return problem.retryAfter === null ? words.problems.throttledNow : words.problems.throttled(problem.retryAfter);
    case "wrong_setup_code":
      return words.problems.wrongCode;
    case "setup_done":
      return words.problems.setupDone;
    case "right_missing":
      return words.problems.rightMissing;
    case "engine_unreachable":
      return words.problems.engineAway;
    default:
      return problem.detail || words.problems.noAnswer;
  }
}
