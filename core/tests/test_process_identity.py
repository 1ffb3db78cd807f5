"""A process lives, or is surely gone: told by process and boot, whatever the clock says."""

import os
import subprocess
import time

import psutil
import pytest

from core import process_identity


def test_this_process_lives() -> None:
    assert not process_identity.is_dead(process_identity.this_process())


def test_a_step_of_the_clock_kills_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = process_identity.this_process()
    began = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: began(process) + 3)  # so does the kernel

    assert not process_identity.is_dead(owner)
    assert process_identity.this_process() == owner


def test_a_process_that_only_waits_to_be_collected_is_dead() -> None:
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    host, _, _ = process_identity.this_process().rsplit(":", 2)
    owner = f"{host}:{child.pid}:{process_identity._start_of(child.pid)}"
    assert not process_identity.is_dead(owner)
    child.kill()
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)

    assert process_identity.is_dead(owner)
    child.communicate()
    assert process_identity.is_dead(owner)


def test_the_same_number_after_a_reboot_is_another_process() -> None:
    host, pid, start = process_identity.this_process().rsplit(":", 2)
    name, _, _ = host.partition("/")

    assert process_identity.is_dead(f"{name}/00000000:{pid}:{start}")
    assert process_identity.is_dead(f"{host}:{pid}:1")
    assert process_identity.is_dead(f"{name}:{os.getpid()}:{psutil.Process().create_time():.2f}")  # as once written


def test_of_another_host_nobody_knows() -> None:
    assert not process_identity.is_dead("elsewhere/00000000:1:1")
