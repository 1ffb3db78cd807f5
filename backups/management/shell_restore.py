"""What the subcommands of ``manage.py snapshot`` do that restore, forget, check, verify and unlock.

Who has this shell is the operator, and counts as an owner.
"""

import json
from argparse import ArgumentParser
from typing import Any

from asgiref.sync import async_to_sync

from backups import wiring
from backups.management.shell import Out, Subcommand
from backups.restic import locks
from backups.restic.retention import Policy
from backups.restores import drill, preview, restore
from backups.restores.request import RestoreRequest
from backups.snapshots import apply_retention, known
from core.errors import CommandFailed
from servers.changes.compose_safety import Acceptance
from servers.operations.shell import run_at_shell, shell_caller

_KEEPS = ("last", "hourly", "daily", "weekly", "monthly")


class DrillFailed(CommandFailed):
    """A snapshot came back with findings: the command's exit code says so."""

    code = "drill_failed"


def _restore_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("snapshot_id", help="its id, or the first 8 digits of it")
    parser.add_argument("server_id", nargs="?", default="", help="whose files; needed where it holds several servers")
    parser.add_argument("--path", default="", help="only this path below the server's data")
    parser.add_argument("--as", dest="as_new", default="", metavar="ID", help="make a new server of it")
    parser.add_argument("--safety-snapshot", action="store_true", help="save the present state first")
    parser.add_argument("--skip-safety-check", action="store_true", help="go on though nothing holds the present state")
    parser.add_argument("--accept", action="append", default=[], metavar="CODE", help="accept a finding of its file")
    parser.add_argument("--preview", action="store_true", help="only tell what would change (restic 0.17)")


def _restore(options: dict[str, Any], out: Out) -> None:
    caller = shell_caller()
    request = RestoreRequest(
        snapshot_id=options["snapshot_id"], server_id=options["server_id"], path=options["path"],
        as_new=options["as_new"], skip_safety_check=options["skip_safety_check"],
        safety_snapshot=options["safety_snapshot"],
        acceptance=Acceptance(by=caller, codes=frozenset(options["accept"])),
    )
    build = preview.preview_job if options["preview"] else restore.restore_job
    operation = run_at_shell(async_to_sync(build)(request, by=caller))
    result: dict[str, Any] = operation.result or {}
    if not options["preview"]:
        out.write(f"{restore.message(result)}\n")
        return
    for one in result["actions"]:
        out.write(f"{one['action']:9} {one['item']}\n")
    out.write(f"{result['preview_summary']}\n")


def _forget_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("server_id", nargs="?", default="", help="only this server's; without it: all of this panel's")
    for name in _KEEPS:
        parser.add_argument(f"--keep-{name}", type=int, default=0, metavar="N")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would go")
    parser.add_argument("--prune", action="store_true", help="free the space as well")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _forget(options: dict[str, Any], out: Out) -> None:
    policy = Policy(**{f"keep_{name}": options[f"keep_{name}"] for name in _KEEPS})
    server_id = options["server_id"] or None
    if options["dry_run"]:
        decided = async_to_sync(apply_retention.plan)(policy, server_id=server_id)
        result: dict[str, Any] = {"keep": decided.keep, "remove": decided.remove}
    else:
        job = apply_retention.retention_job(
            policy, server_id=server_id, prune=options["prune"], by=shell_caller()
        )
        result = run_at_shell(job).result or {}
    if options["json"]:
        out.write(json.dumps({"keep": result["keep"], "remove": result["remove"]}) + "\n")
        return
    for one in result["remove"]:
        out.write(f"{'would go' if options['dry_run'] else 'gone'}  {one[:8]}\n")
    out.write(f"{len(result['keep'])} snapshots stay.\n")


def _check_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--read-data-percent", type=float, default=0, metavar="N", help="read this share of the data")


def _check(options: dict[str, Any], out: Out) -> None:
    wiring.repository()
    job = apply_retention.check_job(
        read_data_percent=options["read_data_percent"], by=shell_caller()
    )
    run_at_shell(job)
    out.write("The backup repository is sound.\n")


def _verify_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("snapshot_id", help="its id, or the first 8 digits of it")


def _verify(options: dict[str, Any], out: Out) -> None:
    wiring.repository()
    snapshot = known.find(options["snapshot_id"])
    operation = run_at_shell(drill.drill_job(snapshot, by=shell_caller()))
    result: dict[str, Any] = operation.result or {}
    if result["passed"] is False:
        raise DrillFailed(drill.message(result))
    out.write(f"{drill.message(result)}\n")


def _unlock(_: dict[str, Any], out: Out) -> None:
    removed = [str(lock) for lock in async_to_sync(locks.unlock)(wiring.command())]
    out.write("".join(f"{one}\n" for one in removed) + f"{locks.unlock_sentence(removed)}\n")


SUBCOMMANDS = {
    "restore": Subcommand("Restore a stopped server, or a path of its data.", _restore_arguments, _restore),
    "forget": Subcommand("Remove the snapshots that a policy does not keep.", _forget_arguments, _forget),
    "check": Subcommand("Check the repository.", _check_arguments, _check),
    "verify": Subcommand("Restore a snapshot for trial, and look at its worlds.", _verify_arguments, _verify),
    "unlock": Subcommand("Remove locks whose processes have surely ended.", lambda _: None, _unlock),
}
