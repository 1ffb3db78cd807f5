import asyncio
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from core.locks import Busy
from servers.docker.orphans import find_orphan, wait_for_orphans


async def test_a_command_that_outlived_its_panel_is_waited_for(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "import time; time.sleep(60)", "--ansi", "never", "--project-name", "x"]
    argv += ["--project-directory", str(tmp_path)]
    reading = await asyncio.to_thread(subprocess.Popen, [*argv, "config"])
    changing = await asyncio.to_thread(subprocess.Popen, [*argv, "down"])
    while not all(psutil.Process(one.pid).cmdline() for one in (reading, changing)):
        await asyncio.sleep(0.01)  # Popen returns while the kernel still replaces the program: it has no arguments yet
    try:
        assert await asyncio.to_thread(find_orphan, tmp_path) == changing.pid
        with pytest.raises(Busy, match=f"process {changing.pid}"):
            await wait_for_orphans(tmp_path, patience_s=0.0)
    finally:
        for one in (reading, changing):
            one.kill()
            await asyncio.to_thread(one.wait)
    await wait_for_orphans(tmp_path, patience_s=0.0)
