"""Requests that schemathesis makes out of our OpenAPI document, sent to a running panel, and what was answered."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testing.panel import MASTER, Panel

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method", "allow_header_conformance", "ignored_auth",
)
PATHS = ["/", "/server.properties", "/logs", "/logs/latest.log", "/world", "/new/config.yml", "/archive.zip", "../x"]
_CONFIG = """\
[dictionaries.servers]
values = {servers}
[dictionaries.snapshots]
values = {snapshots}
[dictionaries.operations]
values = {operations}
[dictionaries.paths]
values = {paths}

[parameters]
"query.path" = {{ dictionary = "paths", probability = 0.7 }}
"body.path" = {{ dictionary = "paths", probability = 0.7 }}
"body.target_path" = {{ dictionary = "paths", probability = 0.7 }}
"body.old_path" = {{ dictionary = "paths", probability = 0.7 }}
"body.server_id" = {{ dictionary = "servers", probability = 0.7 }}
"body.snapshot_id" = {{ dictionary = "snapshots", probability = 0.7 }}

[[operations]]
include-operation-id = "operations_create"
parameters = {{ "path.id" = {{ dictionary = "servers", probability = 0.8 }} }}
checks.not_a_server_error.expected-statuses = ["2xx", "4xx", "503"]  # `pull`, of a machine that reaches no registry
[[operations]]
include-path-regex = "^/api/servers/.id."
parameters = {{ "path.id" = {{ dictionary = "servers", probability = 0.8 }} }}
[[operations]]
include-path-regex = "^/api/snapshots/.id."
parameters = {{ "path.id" = {{ dictionary = "snapshots", probability = 0.8 }} }}
[[operations]]
include-path-regex = "^/api/operations/.id."
parameters = {{ "path.id" = {{ dictionary = "operations", probability = 0.8 }} }}
"""


@dataclass
class Outcome:
    """What came of a run: ``told`` is what schemathesis said, ``statuses`` counts answers by operation and status."""

    exit_code: int
    told: str
    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    tracebacks: list[str] = field(default_factory=list)

    @property
    def operations(self) -> int:
        """How many operations were asked."""
        return sum(" /" in label for label in self.statuses)  # "GET /api/…"; not the sequences of several

    def count(self, first: int, last: int) -> int:
        return sum(
            count for one in self.statuses.values() for status, count in one.items() if first <= status <= last
        )


def fuzz(
    panel: Panel,
    *options: str,
    token: str = MASTER,
    servers: list[str],
    snapshots: list[str],
    operations: list[str],
) -> Outcome:
    """Run schemathesis once, with the ids that there are among those that it makes up."""
    config = panel.folder / "schemathesis.toml"
    known = {"servers": servers, "snapshots": snapshots, "operations": operations, "paths": PATHS}
    config.write_text(_CONFIG.format(**{name: json.dumps(values) for name, values in known.items()}))
    report = panel.folder / "fuzzed.ndjson"
    done = subprocess.run(
        [
            Path(sys.prefix, "bin", "schemathesis"), "--config-file", config, "run", f"{panel.url}/api/schema/",
            "--header", f"Authorization: Bearer {token}", "--checks", ",".join(CHECKS), "--continue-on-failure",
            "--no-color", "--warnings", "off", "--generation-database", "none",
            "--request-timeout", "120",  # a game that does not end gets 60 s
            "--report", "ndjson", "--report-ndjson-path", report, *options,
        ],
        cwd=panel.folder, env=os.environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )
    log = (panel.folder / "logs" / "app.log").read_text()
    found = Outcome(done.returncode, done.stdout, tracebacks=log.split("Traceback (most recent call last)")[1:])
    for line in report.read_text().splitlines():
        _note(json.loads(line), found)
    return found


def _note(event: dict[str, Any], found: Outcome) -> None:
    """Count the answers that one event of the report tells of."""
    recorder = event.get("ScenarioFinished", {}).get("recorder", {})
    for one in recorder.get("interactions", {}).values():
        if one.get("response"):
            found.statuses.setdefault(recorder["label"], Counter())[one["response"]["status_code"]] += 1
