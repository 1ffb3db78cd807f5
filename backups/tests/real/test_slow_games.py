"""Games that flush late, never, or stop half-way: the snapshot says so, and saving is on afterwards."""

import subprocess
import threading
import time
from pathlib import Path

import pytest

from bench import torn_worlds
from bench.torn_worlds import Bed
from testing.panel import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.restic, pytest.mark.process, pytest.mark.timeout(300)]


def is_saving(bed: Bed) -> bool:
    answer = bed.client.post(f"/servers/{bed.names[0]}/rcon", json={"command": "save-on"})
    return "already turned on" in str(answer.json().get("result"))


def is_off(bed: Bed) -> bool:
    return bed.client.get("/snapshots/health").json()["servers"][0]["saving_is_off_since"] is not None


@pytest.mark.parametrize(
    "knobs",
    [pytest.param({"TESTBED_FLUSH_S": 6}, marks=pytest.mark.long), {"TESTBED_FLUSH_NEVER": 1}],
    ids=["late", "never"],
)
def test_a_flush_that_is_not_confirmed_in_time(tmp_path: Path, knobs: dict[str, object]) -> None:
    limit = {"QUIESCE_TIMEOUT_S": "2"}
    with torn_worlds.bed(tmp_path, servers=1, knobs=knobs, environment=limit) as bed:
        address = f"/servers/{bed.names[0]}/snapshots"
        refused = bed.client.post(address, json={"require": "flushed"})
        assert (refused.status_code, refused.json()["code"]) == (504, "flush_not_confirmed")
        assert "did not confirm within 2 s" in refused.json()["detail"]
        assert bed.client.get(address).json()["snapshots"] == []
        wait_for(lambda: is_off(bed), lambda off: not off, limit_s=30)
        made = bed.client.post(address, json={}).json()
        assert made["snapshot"]["saved"] == "unconfirmed"
        assert "did not confirm within 2 s" in made["warnings"][0]
        wait_for(lambda: is_off(bed), lambda off: not off, limit_s=30)
        assert is_saving(bed)


def test_a_server_that_is_stopped_by_hand_while_it_flushes(tmp_path: Path) -> None:
    with torn_worlds.bed(tmp_path, servers=1, knobs={"TESTBED_FLUSH_S": 6}) as bed:
        answers = []
        backup = threading.Thread(
            target=lambda: answers.append(bed.client.post(f"/servers/{bed.names[0]}/snapshots", json={}))
        )
        backup.start()
        wait_for(lambda: is_off(bed), lambda off: off, limit_s=20)
        time.sleep(1)
        subprocess.run(["docker", "kill", f"mc-{bed.names[0]}"], check=True, capture_output=True)
        backup.join()
        snapshot = answers[0].json()["snapshot"]
        assert snapshot["saved"] in {"unconfirmed", "live"}
        assert not is_off(bed)


def test_stop_overtakes_a_backup_whose_saving_is_on_again_first(tmp_path: Path) -> None:
    with torn_worlds.bed(tmp_path, servers=1, knobs={"TESTBED_FLUSH_S": 6}) as bed:
        answers = []
        backup = threading.Thread(
            target=lambda: answers.append(bed.client.post(f"/servers/{bed.names[0]}/snapshots", json={}))
        )
        backup.start()
        wait_for(lambda: is_off(bed), lambda off: off, limit_s=20)
        stopped = bed.client.post(f"/servers/{bed.names[0]}/operations", json={"action": "stop"})
        assert stopped.status_code == 200, stopped.text
        backup.join()
        assert answers[0].json()["code"] == "cancelled"
        assert not is_off(bed)
        assert bed.client.get(f"/servers/{bed.names[0]}/snapshots").json()["snapshots"] == []
