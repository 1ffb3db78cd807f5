"""What the tests of the test bed talk to it with. Nothing here is asynchronous, and nothing is clever."""

import json
import re
import socket
import struct
import subprocess
import time
import uuid
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple, Self

TESTBED = Path(__file__).resolve().parent.parent
TOOLS = TESTBED.parent / ".tools"
SERVER_IMAGE = "itzg/minecraft-server:java21"
TINY_IMAGE = "mcadmin-testbed:tiny"
MEMORY = "1g"  # several times what a stand-in needs; the last --memory of a command counts
PASSWORD = "not-a-secret"


def run(*argv: str | Path, timeout_s: float = 60, code: int = 0, env: dict[str, str] | None = None) -> str:
    """Return stdout and stderr of a command that must end with ``code``."""
    done = subprocess.run(
        [str(word) for word in argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout_s,
        env=env,
        text=True,
        check=False,
    )
    assert done.returncode == code, f"{argv} ended with {done.returncode}: {done.stdout}"
    return done.stdout


def wait_until(is_so: Callable[[], bool], *, limit_s: float = 20) -> None:
    """Look ten times a second, and fail after the limit."""
    end = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < end, f"not so within {limit_s} s"
        time.sleep(0.1)


class Packet(NamedTuple):
    id: int
    type: int
    text: str


class RawRcon:
    """A socket and the packet format; what to send when is the test's affair."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, packet_id: int, kind: int, text: str = "") -> None:
        body = struct.pack("<ii", packet_id, kind) + text.encode() + b"\0\0"
        self.socket.sendall(struct.pack("<i", len(body)) + body)

    def receive(self) -> Packet:
        (size,) = struct.unpack("<i", self._read(4))
        body = self._read(size)
        packet_id, kind = struct.unpack("<ii", body[:8])
        return Packet(packet_id, kind, body[8:-2].decode())

    def _read(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            more = self.socket.recv(size - len(found))
            if not more:
                raise EOFError
            found += more
        return found

    def login(self, password: str = PASSWORD) -> Packet:
        self.send(1, 3, password)
        return self.receive()

    def ask(self, command: str) -> str:
        """Send one command with a short answer."""
        self.send(2, 2, command)
        return self.receive().text


class StandIn:
    """One container of the server image, its data in ``data`` on the host."""

    def __init__(self, data: Path, *options: str, **environment: object) -> None:
        self.data = data
        self.name = f"mcadmin-testbed-{uuid.uuid4().hex[:8]}"
        variables = {"EULA": "TRUE", "RCON_PASSWORD": PASSWORD} | environment
        words = [word for key, value in variables.items() for word in ("--env", f"{key}={value}")]
        ports = ("--publish", "127.0.0.1::25565", "--publish", "127.0.0.1::25575")
        volume = ("--volume", f"{data}:/data")
        run(
            "docker", "run", "--detach", "--name", self.name, "--memory", MEMORY, *ports, *volume, *words, *options,
            SERVER_IMAGE,
        )

    def remove(self) -> None:
        run("docker", "rm", "--force", "--volumes", self.name)

    def port(self, inside: int) -> int:
        return int(run("docker", "port", self.name, str(inside)).strip().rpartition(":")[2])

    def rcon(self) -> RawRcon:
        """A connection that is logged in."""
        connection = RawRcon(self.port(25575))
        assert connection.login().id == 1
        return connection

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(run("docker", "inspect", "--format", "{{json .State}}", self.name))
        return found

    def health(self) -> str:
        return str(self.state()["Health"]["Status"])

    def output(self) -> str:
        return run("docker", "logs", self.name)

    def log(self) -> str:
        file = self.data / "logs" / "latest.log"
        return file.read_text() if file.exists() else ""

    def wait_ready(self) -> Self:
        wait_until(lambda: bool(re.search(r"Done \(.*RCON running", self.log(), re.DOTALL)))
        return self

    def wait_end(self) -> int:
        return int(run("docker", "wait", self.name))


class Player:
    """The bot, its events collected by a thread."""

    def __init__(self, port: int, name: str) -> None:
        self.events: deque[dict[str, Any]] = deque()
        self.process = subprocess.Popen(
            [TESTBED / "bot" / "run.sh", "127.0.0.1", str(port), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.stdin and not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.wait(timeout=10)
        self._reader.join()
        if self.process.stdout:
            self.process.stdout.close()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.events.append(json.loads(line))

    def order(self, **order: object) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def wait_for(self, **event: object) -> None:
        """Wait for an event with (at least) these fields."""
        wait_until(lambda: any(event.items() <= found.items() for found in list(self.events)))
