// What needs attention, in the reader's words: by its code and parameters, never by its English sentence.
import type { Matter, ServerItem } from "../api/client";
import type { Language } from "../prefs";
import type { Words } from "../words/en";
import { bytes, number } from "../words/format";

const text = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");

export function titleOf({ code, params, server_id, sentence }: Matter, words: Words, language: Language): string {
  const said = words.matters;
  const server = server_id || text(params.server);
  switch (code) {
    case "engine_away": return said.engineAway;
    case "server_problem": return said.serverProblem(server);
    case "server_down": return said.serverDown(server);
    case "server_unwell": return said.serverUnwell(server);
    case "saving_off": return said.savingOff(text(params.game) || server);
    case "no_repository": return said.noRepository;
    case "repository_warning": return said.repositoryWarning;
    case "repository_same_disk": return said.sameDisk;
    case "repository_unread": return said.repositoryUnread;
    case "snapshot_warning": return said.snapshotWarning(server);
    case "no_backup": return said.noBackup(server);
    case "backup_late": return said.backupLate(server);
    case "disk_low": return said.diskLow(text(params.disk), bytes(Number(params.freeBytes), language), bytes(Number(params.totalBytes), language));
    case "operation_failed": {
      const kind = words.operations.kind(text(params.kind));
      const state = params.state === "interrupted" ? words.activity.state.interrupted : words.activity.state.failed;
      return `${server ? words.activity.of(kind, server) : kind}: ${state}`;
    }
    case "audit_lost": return said.auditLost(number(Number(params.late), language), number(Number(params.lost), language), text(params.day));
    default: return sentence; // a newer panel knows more
  }
}

/** What the panel says beside that, in English: reasons, and what helps. */
export function detailsOf({ params, advice }: Matter): string[] {
  const said = [params.reason, params.problem, params.warning, params.error].map(text).find(Boolean) ?? "";
  return [said, advice].filter(Boolean);
}

/** Changes whenever the list of servers says something that the panel may find worth attention; figures do not count. */
export function worthAsking(servers: ServerItem[]): string {
  return servers.map((one) => [one.id, one.status, one.statusReason, one.problem].join("\t")).join("\n");
}
