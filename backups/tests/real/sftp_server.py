"""A real OpenSSH server on loopback, for SFTP repositories."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from testing.panel import free_port

SSHD = Path("/usr/sbin/sshd")


@dataclass
class SftpServer:
    """One sshd with keys of its own. ``environment`` makes restic's ``ssh`` use them."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def repository(self) -> str:
        return f"sftp://root@127.0.0.1:{self.port}/{self.folder}/repository"

    @property
    def environment(self) -> dict[str, str]:
        files = ":".join(f"{self.folder}/{name}" for name in ("ssh_config", "user", "known"))
        return {"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "SSH_FILES": files}

    def prepare(self) -> None:
        for name in ("host", "user"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name], check=True
            )
        (self.folder / "known").write_text(f"[127.0.0.1]:{self.port} {(self.folder / 'host.pub').read_text()}")
        (self.folder / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1:{self.port}\nHostKey {self.folder}/host\nPidFile none\nStrictModes no\n"
            f"AuthorizedKeysFile {self.folder}/user.pub\nPermitRootLogin prohibit-password\nUsePAM no\n"
            "PasswordAuthentication no\nSubsystem sftp internal-sftp\n"
        )
        (self.folder / "ssh_config").write_text(
            f"IdentityFile {self.folder}/user\nUserKnownHostsFile {self.folder}/known\n"
            "IdentitiesOnly yes\nBatchMode yes\n"
        )
        program = self.folder / "bin/ssh"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {self.folder}/ssh_config "$@"\n')
        program.chmod(0o755)

    def start(self) -> None:
        Path("/run/sshd").mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", self.folder / "sshd_config"], stderr=subprocess.DEVNULL, start_new_session=True
        )
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            assert self.process.poll() is None, "sshd did not start"
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server and every connection to it at once, as a machine that is gone."""
        if self.process is None:
            return
        ours = psutil.Process(self.process.pid)
        everybody = [*ours.children(recursive=True), ours]
        for one in everybody:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        self.process.wait()
        self.process = None


@contextmanager
def sftp_server(folder: Path) -> Iterator[SftpServer]:
    """A started server, ended afterwards."""
    server = SftpServer(folder)
    server.prepare()
    server.start()
    try:
        yield server
    finally:
        server.stop()
