import io
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from mcadmin.tests.panel import manage


def findings(text: str) -> dict[str, Any]:
    return {one["name"]: one for one in json.loads(text)}


@pytest.mark.django_db(transaction=True)
def test_doctor_tells_what_works() -> None:
    out = io.StringIO()
    with suppress(SystemExit):  # an engine may be missing here
        call_command("doctor", "--json", stdout=out)

    found = findings(out.getvalue())
    assert found["config"]["verdict"] == "ok"
    assert found["migrations"]["verdict"] == "ok"
    assert found["server_path"]["verdict"] == "ok"
    assert found["docker"]["sentence"]


@pytest.mark.process
def test_doctor_works_without_usable_settings(tmp_path: Path) -> None:
    done = manage(tmp_path, "doctor", "--json")

    assert done.returncode == 1
    assert findings(done.stdout)["config"]["verdict"] == "failed"
    assert "Traceback" not in done.stderr
