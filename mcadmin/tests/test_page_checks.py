"""The page's own checks, and its types held against the API's document."""

import subprocess
from io import StringIO

import pytest
from django.core.management import call_command

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
    document = StringIO()
    call_command("spectacular", "--format", "openapi-json", stdout=document)
    npm("schema", "--", "--check", text=document.getvalue())
