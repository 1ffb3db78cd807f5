import subprocess
import sys
from pathlib import Path

import pytest

from testing.panel_process import environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.process
@pytest.mark.parametrize(
    ("words", "expected"),
    [("{python} {root}/manage.py creat", "createowner"), ("{python} {root}/manage.py doctor --js", "--json")],
)
def test_bash_completes_commands_and_options(tmp_path: Path, words: str, expected: str) -> None:
    typed = words.format(python=sys.executable, root=ROOT).split()
    script = (
        f"source {ROOT}/deploy/completion.bash; COMP_WORDS=({' '.join(typed)}); COMP_CWORD={len(typed) - 1};"
        " _mcadmin_by_python; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    done = subprocess.run(
        ["bash", "-c", script], env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert expected in [line.removesuffix("=") for line in done.stdout.split()], done.stderr
