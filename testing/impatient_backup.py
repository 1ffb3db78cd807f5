"""``manage.py snapshot create`` that waits seconds, not minutes, for a copy that stands still; started as a process."""

import os
import sys

import django
from django.core.management import CommandError, call_command

WARN_S, END_S = 0.5, 2.0


def main() -> None:
    django.setup()
    from backups.repository import stalled

    stalled.WARN_S, stalled.END_S = WARN_S, END_S
    try:
        call_command("snapshot", "create", *sys.argv[1:])
    except CommandError as error:
        sys.exit(f"CommandError: {error}")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mcadmin.settings")
    main()
