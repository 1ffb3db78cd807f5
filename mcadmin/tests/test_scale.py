"""Several processes on PostgreSQL and Redis: `serve --worker` and `supervise`."""

import signal
from pathlib import Path

import pytest

from testing.panel import wait_for
from testing.panel_process import manage
from testing.scale import installation

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]


@pytest.mark.parametrize("command", [["serve", "--worker"], ["supervise"]])
def test_what_one_process_alone_can_use_is_refused(tmp_path: Path, command: list[str]) -> None:
    manage(tmp_path, "init")

    done = manage(tmp_path, *command)

    assert done.returncode == 1
    assert "database_url" in done.stderr
    assert "redis_url" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_supervisor_leads_and_the_next_takes_over_when_it_is_killed(tmp_path: Path) -> None:
    with installation(tmp_path, workers=1, supervisors=2) as one:
        (leader,) = wait_for(one.supervising, bool, limit_s=60)

        one.supervisors[leader][0].send_signal(signal.SIGKILL)
        one.supervisors[leader][0].wait()

        (successor,) = wait_for(one.supervising, bool, limit_s=30)
        assert successor != leader
        process, log = one.supervisors[successor]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        assert "The supervisor has ended." in log.read_text()
        assert "Traceback" not in log.read_text()
