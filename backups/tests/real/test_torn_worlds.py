"""A small version of ``make load-torn``: tearing can be seen, and the full bracket never shows it."""

from pathlib import Path

import pytest

from bench import torn_worlds

pytestmark = [pytest.mark.docker, pytest.mark.restic, pytest.mark.process, pytest.mark.timeout(300)]

MOST = 12  # bare copies until one is torn: two of three are


def test_only_the_full_bracket_gives_whole_worlds(tmp_path: Path) -> None:
    with torn_worlds.bed(tmp_path, servers=2) as bed:
        seen = any(torn_worlds.run(bed, "no quiescing (bare restic)", times=1).torn for _ in range(MOST))
        assert seen, f"none of {MOST} bare copies was torn: the world is not written enough to prove anything"
        bracket = torn_worlds.run(bed, "the full bracket", times=2)
        assert (bracket.torn, bracket.levels) == (0, {"flushed": 2})
        everything = torn_worlds.run(bed, "the full bracket, scope global", times=1)
        assert (everything.torn, everything.worlds, everything.levels) == (0, 2, {"flushed": 1})
