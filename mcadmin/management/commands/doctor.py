"""``manage.py doctor``: what is wrong with this installation, and what to do."""

import json
import sys
from dataclasses import asdict
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandParser

from mcadmin.doctor.checks import run_all
from mcadmin.doctor.findings import Verdict


class Command(BaseCommand):
    """See ``help``."""

    help = "Check the installation; exit 1 when something does not work."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a JSON list")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = async_to_sync(run_all)()
        if options["json"]:
            self.stdout.write(json.dumps([asdict(one) for one in findings], indent=2))
        else:
            for one in findings:
                self.stdout.write(f"{one.verdict:8} {one.name:12} {one.sentence}")
                if one.advice:
                    self.stdout.write(f"{'':21} {one.advice}")
        if any(one.verdict is Verdict.FAILED for one in findings):
            sys.exit(1)
