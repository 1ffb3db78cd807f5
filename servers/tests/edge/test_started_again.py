"""A supervisor that lost the lead and has it again: the services start anew in the same process."""

import pytest

from servers import wiring
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)


async def test_what_listens_hears_everything_once(fake: FakeDocker) -> None:
    live = wiring.live()
    counts = []
    for _ in range(3):
        await live.start()
        counts.append((len(live.engine._listeners), len(live.monitoring.sampler._listeners)))
        await live.stop()
    assert counts == [counts[0]] * 3
