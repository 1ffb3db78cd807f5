"""The page's own checks, and its types held against the API's document."""

import os
import subprocess
import sys

import pytest

from testing.browser import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def npm(*argv: str, text: str = "") -> None:
    done = subprocess.run(
        [ROOT / "setup" / "page.sh", "npm", "run", *argv], input=text, capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_lint_types_and_unit_tests_of_the_page_pass() -> None:
    npm("check")


def test_the_types_of_the_page_are_those_of_the_api() -> None:
    # In a process of its own, as `make page-schema` has it.
    document = subprocess.run(
        [sys.executable, "manage.py", "spectacular", "--format", "openapi-json"], cwd=ROOT, check=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "testing.settings"}, capture_output=True, text=True,
    )
    npm("schema", "--", "--check", text=document.stdout)
