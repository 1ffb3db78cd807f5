"""List the servers."""

import json
from argparse import ArgumentParser
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand

from core.errors import AppError
from servers import wiring
from servers.changes import removed


class Command(BaseCommand):
    """List all servers with their status."""

    help = "List all servers with their status."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--removed", action="store_true", help="list what lies in .removed/ instead")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["removed"]:
            self._removed(as_json=options["json"])
            return
        rows = async_to_sync(_read)()
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=2))
            return
        if not rows:
            self.stdout.write("There are no servers yet.")
            return
        width = max(len(row["id"]) for row in rows)
        for row in rows:
            note = row["problem"] or row["reason"] or ""
            self.stdout.write(
                f"{row['id']:{width}}  {row['status']:8}  {row['serverType']} {row['gameVersion']}"
                f"  :{row['gamePort']}  {note}".rstrip()
            )

    def _removed(self, *, as_json: bool) -> None:
        found = async_to_sync(removed.listed)()
        if as_json:
            rows = [{"name": one.name, "id": one.server_id, "removedAt": one.removed_at.isoformat()} for one in found]
            self.stdout.write(json.dumps(rows, indent=2))
            return
        for one in found:
            self.stdout.write(f"{one.name}  removed {one.removed_at:%Y-%m-%d %H:%M} UTC")
        if not found:
            self.stdout.write("Nothing was removed.")


async def _read() -> list[dict[str, Any]]:
    rows = []
    manager = wiring.manager()
    for info in await manager.get_all_server_info():
        try:
            details = await manager.get_instance(info.id).get_status_details()
            status, reason = details.status.value, details.reason
        except AppError as error:
            status, reason = "UNKNOWN", str(error)
        rows.append(
            {
                "id": info.id,
                "status": status,
                "reason": reason,
                "serverType": info.server_type,
                "gameVersion": info.game_version,
                "gamePort": info.game_port,
                "problem": info.problem,
            }
        )
    return rows
