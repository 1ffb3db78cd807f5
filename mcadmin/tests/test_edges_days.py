"""How many days are kept: a setting and the option of a command that stands in its place take the same numbers."""

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from pydantic import ValidationError

from web.config import Settings

pytestmark = pytest.mark.django_db(transaction=True)
OPTIONS = {
    "audit prune": ("audit_keep_days", ["audit", "prune", "--days"]),
    "prune_audit": ("audit_keep_days", ["prune_audit", "--days"]),
    "purge_removed": ("removed_keep_days", ["purge_removed", "--dry-run", "--older-than"]),
}
NUMBERS = ["-1", "0", "1", "10", "36500", "36501", "40000", "99999", "9" * 30, "1.5", "1e3", "", "ten", "\u0663"]


def setting_takes(name: str, text: str) -> bool:
    try:
        Settings.model_validate(settings.MC_ADMIN.model_dump() | {name: text})
    except ValidationError:
        return False
    return True


def option_takes(argv: list[str], text: str) -> bool:
    try:
        call_command(*argv[:-1], f"{argv[-1]}={text}")
    except CommandError as error:
        assert "must be a whole number from" in str(error)  # noqa: PT017 - which of the two happens is the question
        return False
    return True


@pytest.mark.parametrize("text", NUMBERS)
@pytest.mark.parametrize("edge", OPTIONS)
def test_setting_and_option_take_the_same_days(edge: str, text: str) -> None:
    name, argv = OPTIONS[edge]

    assert option_takes(argv, text) == setting_takes(name, text)
