"""What restic may open while it reads or writes the files of servers. Blocking: it looks at the disk.

Each repository gets what it needs and no more: a local one no key, no host name and no other program. What holds the
machine's secrets (our settings and database, other programs' temporary files, /proc) is in nobody's list, and of what
a remote repository cannot do without (its keys) nothing can be written.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from core.confinement import Confinement
from core.programs import OWN_FOLDER

TEMPORARY = "tmp"  # in the cache's folder: restic's own files only, which no other program's are beside

_LIBRARIES = (
    "/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/nix/store", "/gnu/store", "/etc/ld.so.cache",
)
_ALWAYS = (
    "/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/localtime", "/usr/share/zoneinfo", "/dev/urandom",
    "/dev/random",
)
_NETWORK = (
    "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols",
    "/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/openssl.cnf", "/etc/ca-certificates", "/etc/crypto-policies",
    "/etc/pki/tls/certs", "/etc/pki/tls/cert.pem", "/etc/pki/ca-trust", "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates", "/etc/mime.types",
)
_PROGRAMS = ("/bin", "/usr/bin", "/usr/local/bin", "/usr/libexec")
# By the repository's scheme: what is read, seen from the home folder or absolute, and the program that is started.
_KEYS: Mapping[str, tuple[tuple[str, ...], str | None]] = {
    "sftp": ((".ssh", "/etc/ssh/ssh_config", "/etc/ssh/ssh_config.d", "/etc/ssh/ssh_known_hosts"), "ssh"),
    "rclone": ((".config/rclone", ".rclone.conf", ".ssh"), "rclone"),
    "s3": ((".aws", ".mc/config.json"), None),
    "gs": ((".config/gcloud",), None),
    "azure": ((".azure",), None),
}
_NO_KEYS = {"PATH", "HOME", "TMPDIR"}  # variables that name folders for other reasons
_RENEWED = (".config/rclone", ".rclone.conf")  # rclone writes a renewed token down, or its next start fails


@dataclass(frozen=True)
class Surroundings:
    """What restic needs beside the files of servers.

    Attributes:
        binary: its absolute path.
        repository: the local folder of the repository; None for a remote one.
        scheme: of a remote repository, such as ``sftp``.
        environment: of the repository; of a remote one, the absolute paths in it name keys and certificates.
        cache: its cache's folder, which is there, with a folder TEMPORARY in it.
    """

    binary: Path
    repository: Path | None
    scheme: str
    environment: Mapping[str, str]
    cache: Path


Confine = Callable[[Surroundings], Confinement]  # one of the three below, with ``within`` bound


def for_backup(
    around: Surroundings, within: tuple[Path, ...], instead: Mapping[Path, Path] = MappingProxyType({})
) -> Confinement:
    """Return what a backup may open: it reads below ``within``, some files ``instead``, and writes the repository."""
    renewed = tuple(_at_home(around, path) for path in _RENEWED if around.scheme == "rclone")
    repository = (around.repository,) if around.repository else ()
    return replace(_confinement(around, write=(*repository, *renewed), data_read=within), instead=instead)


def for_restore(around: Surroundings, within: tuple[Path, ...]) -> Confinement:
    """Return what a restore may open: it writes below ``within``, and only reads the repository."""
    repository = (around.repository,) if around.repository else ()
    return _confinement(around, read=repository, data_write=within)


def for_preview(around: Surroundings, within: tuple[Path, ...]) -> Confinement:
    """Return what the dry run of a restore may open."""
    repository = (around.repository,) if around.repository else ()
    return _confinement(around, read=repository, data_read=within)


def _confinement(
    around: Surroundings,
    *,
    read: tuple[Path, ...] = (),
    write: tuple[Path, ...] = (),
    data_read: tuple[Path, ...] = (),
    data_write: tuple[Path, ...] = (),
) -> Confinement:
    keys, programs = ([], []) if around.repository else _remote(around)
    interpreter = [*map(Path, _PROGRAMS), OWN_FOLDER] if _is_script(around.binary) else []
    return Confinement(
        read=(*read, *map(Path, _ALWAYS), *keys),
        write=(*write, around.cache, Path(os.devnull)),
        execute=(around.binary, *map(Path, _LIBRARIES), *programs, *interpreter),
        data_read=data_read,
        data_write=data_write,
    )


def _remote(around: Surroundings) -> tuple[list[Path], list[Path]]:
    """Return the files that a remote repository is reached with, and the programs."""
    paths, program = _KEYS.get(around.scheme, ((), None))
    values = [text for name, text in around.environment.items() if name not in _NO_KEYS]
    values += [os.environ.get(name, "") for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")]
    named = [word for text in values for word in text.split(os.pathsep) if word.startswith("/") and word.strip("/")]
    keys = [*map(Path, _NETWORK), *(_at_home(around, path) for path in paths), *map(Path, named)]
    if program is None:
        return keys, []
    found = shutil.which(program, path=around.environment.get("PATH"))
    return keys, [*map(Path, _PROGRAMS), *([Path(found)] if found else [])]


def _at_home(around: Surroundings, path: str) -> Path:
    return Path(around.environment.get("HOME") or Path.home(), path)


def _is_script(binary: Path) -> bool:
    """Tell whether another program runs it."""
    try:
        with binary.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False
