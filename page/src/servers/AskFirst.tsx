import type { ServerItem } from "../api/client";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { useWords } from "../words";

/** Asks before players are sent off, with their names. */
export function AskFirst({ server, action, onCancel, onDo }: {
  server: ServerItem; action: "stop" | "restart"; onCancel: () => void; onDo: () => void;
}) {
  const words = useWords();
  const players = server.onlinePlayers ?? [];
  return (
    <Dialog title={action === "restart" ? words.acts.restartTitle(server.name) : words.acts.stopTitle(server.name)} isOpen onClose={onCancel}>
      <p>{words.acts.affected(players.length, players)}</p>
      <div className="dialog-acts">
        <Button onClick={onCancel}>{words.common.cancel}</Button>
        <Button kind="danger" onClick={onDo}>{action === "restart" ? words.acts.restart : words.acts.stop}</Button>
      </div>
    </Dialog>
  );
}
