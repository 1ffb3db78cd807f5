"""``make load-killed-changes``: SIGKILL to the panel at many moments of up, down and a compose update."""

import subprocess
import tempfile
import uuid
from pathlib import Path

from testing.killing import kill_during

REPORT = Path(__file__).resolve().parents[1] / "docs/reports/killed-changes.md"
MOMENTS_S = {
    "up": (0.0, 0.2, 0.5, 1.0, 2.0),
    "down": (0.0, 0.2, 0.5, 1.0, 2.0),
    "update": (0.0, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 16.0),
}


def main() -> None:
    """Kill at each moment, and write the report; the first that does not go on raises."""
    rows = []
    for kind, moments in MOMENTS_S.items():
        for after_s in moments:
            server_id = f"k{uuid.uuid4().hex[:8]}"
            try:
                with tempfile.TemporaryDirectory() as folder:
                    row = kill_during(Path(folder), server_id, kind=kind, after_s=after_s)
            finally:
                subprocess.run(["docker", "rm", "--force", f"mc-{server_id}"], capture_output=True, check=False)
            rows.append(f"| {kind} | {after_s:g} | {row['state']} | {row['file']} | {row['status']} |")
            print(rows[-1], flush=True)
    head = (
        "# The panel killed in the middle of a change\n\nAfter its return: what the operation's record says, which "
        "compose file is there (whole), the server's status. Each server then went `up` to HEALTHY and `down`.\n\n"
        "| operation | killed after s | record | file | status |\n|---|---|---|---|---|\n"
    )
    REPORT.write_text(head + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
