"""The console under load, small; `make load-console` is the whole of it."""

from pathlib import Path

import pytest

from bench.console_load import Crowd, flooded, load
from testing.panel import FACTOR, running_panel

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]
LINES = 10_000


async def test_no_line_is_lost_or_doubled_unsaid_and_the_panel_keeps_its_memory(tmp_path: Path) -> None:
    with running_panel(tmp_path) as panel:
        loaded = await load(panel, Crowd(healthy=5, leaving=2, slow=1, deaf=1, slow_pause_s=0.1), lines=LINES)
        assert loaded.faults() == []
        assert set(loaded.missing().values()) == {0}
        assert all(one.got == LINES for one in loaded.clients if not one.pause_s)
        assert all(one.got + one.lost == LINES for one in loaded.clients)

        flood = await flooded(panel, seconds=2, viewers=2)
        assert flood.faults() == []
        assert set(flood.missing().values()) == {0}
        assert all(one.got > 0 for one in flood.clients)
        assert max(flood.during.rss_mib) < flood.before.rss_mib[0] + 150
        assert max(flood.during.list_ms) < 5_000 * FACTOR
