"""The table of kinds of operations: complete, without doubles, and with the names that are stored."""

import pytest

from backups.restores import drill, preview, recovery
from backups.snapshots import adopt, apply_retention, create, delete
from servers.changes import removed
from servers.changes.actions import Action
from servers.operations import kinds
from servers.operations.kinds import OperationKind

# Stored in records, and what restores, leases and messages go by: a name that changed would lose them.
STORED = {
    "start", "stop", "restart", "up", "down", "remove", "kill", "pull", "create", "update", "copy_files",
    "delete_files", "extract_files", "backup", "restore", "preview", "verify", "forget", "prune", "check",
    "delete_snapshot", "adopt_instance", "restore_removed", "purge_removed",
}


def test_the_stored_names_are_the_registered_ones() -> None:
    assert set(kinds._known) == STORED


def test_each_action_has_a_kind_of_its_name() -> None:
    assert [kinds.find(action).done for action in Action if not kinds.find(action).done] == []


def test_what_is_overtaken_is_a_kind() -> None:
    assert {name for kind in kinds._known.values() for name in kind.overtakes} <= STORED


@pytest.mark.parametrize(
    ("trait", "names"),
    [
        ("starts_game", {"up", "start", "restart"}),
        ("needs_safe_file", {"up", "start", "restart", "pull"}),
        ("needs_no_file", {"stop", "down", "kill"}),
        (
            "can_cancel",
            {
                "pull", "backup", "restore", "preview", "verify", "prune", "check", "copy_files", "delete_files",
                "extract_files",
            },
        ),
    ],
)
def test_who_has_a_trait(trait: str, names: set[str]) -> None:
    assert {kind.name for kind in kinds._known.values() if getattr(kind, trait)} == names


def test_kinds_are_registered_by_their_homes() -> None:
    homes = [drill.KIND, preview.KIND, recovery.KIND, adopt.KIND, apply_retention.KIND, create.KIND, delete.KIND]
    homes += [removed.RESTORE, removed.PURGE]
    assert [kinds.find(kind.name) for kind in homes] == homes


def test_two_kinds_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="'up'"):
        kinds.register(OperationKind(name="up", can_cancel=True))


def test_an_unknown_kind_may_nothing() -> None:
    assert kinds.find("of-an-old-record") == OperationKind(name="of-an-old-record")
