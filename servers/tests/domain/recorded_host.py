"""A folder that looks like the /proc and /sys of a host that runs one recorded container."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from servers.docker.usage.cgroup import ContainerCgroup, find_cgroup

RECORDED = Path(__file__).resolve().parents[1] / "recorded"


@dataclass(frozen=True)
class RecordedHost:
    root: Path
    container_id: str
    pid: int

    @classmethod
    def make(cls, root: Path, case: str) -> "RecordedHost":
        recorded = RECORDED / case
        container_id, pid, _ = (recorded / "ids").read_text().split()
        host = cls(root, container_id, int(pid))
        shutil.copytree(recorded / "cgroup", root / "sys/fs/cgroup")
        host.write_proc(str(host.pid), "cgroup", (recorded / "proc_pid_cgroup").read_text())
        host.write_proc(str(host.pid), "net/dev", (recorded / "proc_pid_net_dev").read_text())
        host.write_proc("self", "mountinfo", (recorded / "proc_self_mountinfo").read_text())
        return host

    @property
    def proc(self) -> Path:
        return self.root / "proc"

    def write_proc(self, process: str, name: str, text: str) -> None:
        path = self.proc / process / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def set_namespace(self, process: str, identity: str) -> None:
        link = self.proc / process / "ns/net"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(identity)

    def directory(self, controller: str = "") -> Path:
        """The container's own directory in a hierarchy."""
        start = self.root / "sys/fs/cgroup" / controller
        return next(path for path in start.rglob(f"*{self.container_id}*") if path.is_dir())

    def rename(self, path: str, *, controller: str = "") -> None:
        """Move the container's directory, and let the process's own file tell so."""
        start = self.root / "sys/fs/cgroup" / controller
        target = start / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        self.directory(controller).rename(target)
        self.write_proc(str(self.pid), "cgroup", f"0::{path}\n")

    def find(self) -> ContainerCgroup:
        return find_cgroup(self.pid, self.container_id, proc=self.proc, root=self.root)
