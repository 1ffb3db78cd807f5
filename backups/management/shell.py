"""What the subcommands of ``manage.py snapshot`` do that make and list snapshots: one function each."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from asgiref.sync import async_to_sync
from django.conf import settings

from backups import wiring
from backups.repository import embedded, placement
from backups.restores import locate
from backups.snapshots import adopt, create, payload, scope
from backups.snapshots.create import SnapshotRequest
from core.redaction import without_login
from servers import wiring as servers_wiring
from servers.operations.shell import run_at_shell, shell_caller


class Out(Protocol):
    """Where a subcommand writes to."""

    def write(self, text: str, /) -> object: ...


@dataclass(frozen=True)
class Subcommand:
    """One subcommand: ``handle`` gets its options and where to write; AppErrors become the command's failure."""

    help: str
    arguments: Callable[[ArgumentParser], None]
    handle: Callable[[dict[str, Any], Out], None]


def _nothing(_: ArgumentParser) -> None:
    """Take no arguments."""


def _init(_: dict[str, Any], out: Out) -> None:
    if not async_to_sync(embedded.make_planned)(wiring.section()):
        manager = servers_wiring.manager()
        placement.require_outside([manager.server_path / name for name in manager.list_names()], wiring.section())
        async_to_sync(wiring.repository().init)()
    place = without_login(wiring.section().repository_path)
    out.write(
        f"The backup repository was made at {place}. "
        "Keep its password somewhere else, too: without it nothing comes back.\n"
    )


def _create_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("server_id", nargs="?", default="", help="the server; without it: everything")
    parser.add_argument("--path", default="", help="only this path below the server's data")
    parser.add_argument("--require-flushed", action="store_true", help="rather none than one that may be torn")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _create(options: dict[str, Any], out: Out) -> None:
    request = SnapshotRequest(
        server_id=options["server_id"], path=options["path"], require_flushed=options["require_flushed"]
    )
    operation = run_at_shell(create.snapshot_job(request, by=shell_caller()))
    result: dict[str, Any] = operation.result or {}
    snapshot = result["snapshot"]
    if options["json"]:
        out.write(json.dumps(snapshot) + "\n")
        return
    out.write(f"Snapshot {snapshot['short_id']} was made ({snapshot['saved']}).\n")
    for name, why in sorted(result["skipped_because"].items()):
        out.write(f"Left out: {name}. {why}\n")


def _list_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("server_id", nargs="?", default="", help="only those that hold this server")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _list(options: dict[str, Any], out: Out) -> None:
    found = list(async_to_sync(wiring.snapshot_cache().read)())
    if options["server_id"]:
        place = scope.find_past(settings.MC_ADMIN.server_path, server_id=options["server_id"], path="")
        found = locate.holding(found, place)
    rows = payload.snapshot_payload(found)
    if options["json"]:
        out.write(json.dumps(rows) + "\n")
        return
    for row in rows:
        what = row["server_id"] or row["scope"] or "foreign"
        marks = "".join(f" {name}" for name in ("pinned", "foreign") if row[name] and name != what)
        time = row["time"][:19].replace("T", " ")
        out.write(f"{row['short_id']}  {time}  {row['saved'] or '-':11}  {what}{marks}  {' '.join(row['paths'])}\n")
    if not rows:
        server_id = options["server_id"]
        out.write(f"There are no snapshots that hold {server_id}.\n" if server_id else "There are no snapshots yet.\n")


def _adopt_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("instance", nargs="?", default="", help="of the lost panel; without it, all others are listed")
    parser.add_argument("--lost", action="store_true", help="it is lost, though its newest snapshot is young")


def _adopt(options: dict[str, Any], out: Out) -> None:
    if instance := options["instance"]:
        job = adopt.adopt_instance_job(instance, is_lost=options["lost"], by=shell_caller())
        result: dict[str, Any] = run_at_shell(job).result or {}
        out.write(f"{result['adopted']} snapshots are this panel's now.\n")
        return
    others = adopt.other_instances(async_to_sync(wiring.snapshot_cache().read)())
    for instance, theirs in others.items():
        servers = sorted({server for one in theirs for server in one.labels.servers})
        newest = max(one.time for one in theirs)
        out.write(f"{instance}  {len(theirs)} snapshots, the newest of {newest:%Y-%m-%d %H:%M}  {' '.join(servers)}\n")
    if not others:
        out.write("All snapshots with the tag of a panel are this one's.\n")


SUBCOMMANDS = {
    "adopt-instance": Subcommand("Take over the snapshots of a panel that is lost.", _adopt_arguments, _adopt),
    "init": Subcommand("Make the repository that the settings name.", _nothing, _init),
    "create": Subcommand("Make a snapshot of a server, of a path of it, or of everything.", _create_arguments, _create),
    "list": Subcommand("List the snapshots, oldest first.", _list_arguments, _list),
}
