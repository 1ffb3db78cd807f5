"""Where the programs are that we call: docker, docker-compose, restic."""

import os
import shutil
import sys
from pathlib import Path

OWN_FOLDER = Path(__file__).resolve().parents[1] / ".tools/bin"  # where the scripts of setup/ put what they fetch


def find(name: str) -> str | None:
    """Look for ``name`` in .tools/bin, beside our Python, then in PATH; None when it is nowhere."""
    folders = [OWN_FOLDER, Path(sys.executable).parent]
    return shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath)]))
