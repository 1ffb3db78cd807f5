"""Runs inside the cgroup v2 machine: the reader's figures beside the kernel's own files and ``docker stats``."""

import json
import subprocess
import time
from pathlib import Path

from servers.docker.usage.cgroup import ContainerCgroup, find_cgroup
from servers.docker.usage.counters import ContainerGone
from servers.docker.usage.network import read_network

IMAGE = "mcadmin-testbed:tiny"
SPAN_S = 20
GROW = "a=x; while :; do a=$a$a; done"
CASES = {
    "idle": ((), "sleep 9999"),
    "busy": ((), "while :; do :; done"),
    "limited": (
        ("--memory", "64m", "--pids-limit", "50", "--cpus", "0.5"),
        "dd if=/dev/zero of=/f bs=1M count=30 conv=fsync; cat /f > /dev/null; while :; do :; done",
    ),
    "writer": ((), "dd if=/dev/zero of=/f bs=1M count=100 conv=fsync; sleep 9999"),
    "oom-inside": (("--memory", "32m"), f"sh -c '{GROW}'; sleep 9999"),
}


def docker(*argv: str) -> str:
    done = subprocess.run(["docker", *argv], check=False, capture_output=True, text=True)
    if done.returncode:
        print("docker", *argv, "said:", done.stderr.strip())
    return done.stdout.strip()


def start(name: str, options: tuple[str, ...], command: str) -> ContainerCgroup:
    container_id = docker("run", "--detach", "--name", name, "--memory", "1g", *options, IMAGE, "sh", "-c", command)
    pid = int(docker("inspect", "--format", "{{.State.Pid}}", name))
    return find_cgroup(pid, container_id)


def show_kernel(cgroup: ContainerCgroup) -> None:
    folder = Path(cgroup.memory.directory)  # type: ignore[union-attr]
    print("  kernel  ", folder)
    for file in ("memory.current", "memory.max", "memory.peak", "pids.current", "io.stat"):
        print("   ", file, (folder / file).read_text().strip() or "(empty)")
    print("    cpu.stat", (folder / "cpu.stat").read_text().splitlines()[0])
    stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    print("    memory.stat", {key: stat[key] for key in ("anon", "file", "kernel", "inactive_file")})
    print("    memory.events", (folder / "memory.events").read_text().split()[-4:])


def main() -> None:
    print(Path("/proc/version").read_text().strip())
    print(docker("info", "--format", "{{.ServerVersion}} {{.CgroupDriver}} cgroup v{{.CgroupVersion}}"))
    print(docker("load", "--input", "tiny.tar"))
    cgroups = {name: start(name, *case) for name, case in CASES.items()}
    time.sleep(60)  # this machine is emulated: give the writers their time
    before = {name: (time.monotonic(), one.read_cpu().usage_us) for name, one in cgroups.items()}  # type: ignore[union-attr]
    time.sleep(SPAN_S)
    stats = docker("stats", "--no-stream", "--no-trunc", "--format", "{{json .}}")
    by_name = {one["Name"]: one for one in map(json.loads, stats.splitlines())}
    for name, cgroup in cgroups.items():
        print(f"== {name}")
        usage = cgroup.read()
        at = time.monotonic()
        kernel_us = int((Path(cgroup.cpu.directory) / "cpu.stat").read_text().split()[1])  # type: ignore[union-attr]
        kernel_percent = (kernel_us - before[name][1]) / (time.monotonic() - before[name][0]) / 10_000
        percent = (usage.cpu.usage_us - before[name][1]) / (at - before[name][0]) / 10_000  # type: ignore[union-attr]
        pid = int(docker("inspect", "--format", "{{.State.Pid}}", name))
        print("  ours    ", usage)
        print(f"  ours     CPU {percent:.2f} %, the kernel's file a moment later {kernel_percent:.2f} %")
        print("  ours    ", read_network(pid))
        stat = by_name[name]
        print("  docker  ", {key: stat[key] for key in ("CPUPerc", "MemUsage", "BlockIO", "NetIO", "PIDs")})
        show_kernel(cgroup)
    print("== killed for memory")
    cgroup = start("oom", ("--memory", "32m"), f"sleep 90; {GROW}")
    before_end = cgroup.read()
    docker("wait", "oom")
    print("  before  ", before_end.memory)
    print("  docker  ", docker("inspect", "--format", "{{json .State}}", "oom"))
    try:
        print("  ours    ", cgroup.read())
    except ContainerGone as error:
        print("  ours     ContainerGone:", error)


main()
