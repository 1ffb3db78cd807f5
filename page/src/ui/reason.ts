// Why a server stands where it stands, in the reader's words: by the code and its parameters, never by the English sentence.
import type { Schemas, ServerItem } from "../api/client";
import type { Words } from "../words/en";

export type ReasonCode = Schemas["StatusReasonCodeEnum"];
/** What a sentence may name; what is not known is "". */
export interface Facts { exitCode: string; isOom: boolean; restarts: number; game: string; container: string }
export interface Told { sentence: string; quoted: string; isEnglish: boolean }
type Reasoned = Pick<ServerItem, "statusReason" | "statusReasonCode" | "statusReasonParams">;

const text = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");

export function reasonOf({ statusReason, statusReasonCode: code, statusReasonParams: params }: Reasoned, words: Words): Told | null {
  if (!statusReason) return null;
  if (!code || !Object.hasOwn(words.reasons, code)) return { sentence: statusReason, quoted: "", isEnglish: true }; // a newer panel knows more
  const facts: Facts = {
    exitCode: text(params.exitCode), isOom: params.oomKilled === true, restarts: Number(params.restarts ?? 0),
    game: text(params.game), container: text(params.container),
  };
  const said = [words.reasons[code](facts)];
  if (facts.game && code !== "other_game") said.unshift(words.reasonMore.ofGame(facts.game));
  if (params.cause === "java_too_old") said.push(words.reasonMore.javaTooOld(text(params.javaNeeded), text(params.java)));
  if (code === "restarted" && params.healthCheck === false) said.push(words.reasons.no_health_check(facts));
  if (code === "unhealthy" && facts.restarts > 0) said.push(words.reasons.restarted(facts));
  if (params.asleep === true) said.push(words.reasons.asleep(facts));
  return { sentence: said.join(" "), quoted: text(params.said) || text(params.message), isEnglish: false };
}

/** What to do about it, where that is known; else "". */
export function helpOf({ statusReasonCode: code, statusReasonParams: params }: Reasoned, words: Words): string {
  if (params.cause === "java_too_old") return words.reasonHelp.javaTooOld;
  if (code === "oom_killed" || params.oomKilled === true) return words.reasonHelp.memory;
  switch (code) {
    case "killed": return words.reasonHelp.killed;
    case "start_failed": return words.reasonHelp.startFailed;
    case "crashed":
    case "crash_loop": return words.reasonHelp.crashed;
    default: return "";
  }
}
