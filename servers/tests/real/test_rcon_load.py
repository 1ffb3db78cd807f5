"""RCON to a real test server, small; `make load-rcon` is the whole of it."""

from pathlib import Path

import pytest

from bench import rcon_load
from testing.panel import running_panel

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]


async def test_each_command_gets_its_own_answer_through_sizes_crowds_and_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rcon_load, "BY_API", 20)
    monkeypatch.setattr(rcon_load, "BY_CLI", 2)
    with running_panel(tmp_path) as panel:
        told = await rcon_load.measure(panel, commands=500)  # it checks every answer
    assert "no wrong one" in told
