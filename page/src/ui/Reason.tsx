// Why a server stands where it stands; what the engine or the game said of it follows as it was said.
import type { ServerItem } from "../api/client";
import { useWords } from "../words";
import { reasonOf } from "./reason";

export function Reason({ server, className }: { server: ServerItem; className?: string }) {
  const told = reasonOf(server, useWords());
  if (!told) return null;
  return (
    <p className={className}>
      <span lang={told.isEnglish ? "en" : undefined}>{told.sentence}</span>
      {told.quoted && <> <q lang="en">{told.quoted}</q></>}
    </p>
  );
}
