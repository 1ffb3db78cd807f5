"""What can go wrong with restic, told from its exit code and, before 0.17, from its words."""

import json
import re
from dataclasses import dataclass

from core.confined_exec import CANNOT_CONFINE
from core.errors import AppError, CommandFailed, Conflict, DiskFull, InvalidRequest, NotFound, Unavailable
from core.process import ProgramFailed

WEB_PAGE = "invalid character '<' looking for beginning of value"  # HTML where JSON should be
WITH_WARNINGS = 3  # exit code: the snapshot was made, some files could not be read
_NOT_RUNNABLE = {126, 127}  # from nice and ionice, which start it


class ResticNotInstalled(Unavailable):
    """There is no restic to run."""

    code = "restic_not_installed"


class ResticNotConfined(Unavailable):
    """restic was not started, because it could not be kept to the files that it is for."""

    code = "restic_not_confined"


class NoRepository(Unavailable):
    """Nothing that restic could open is where the settings say."""

    code = "no_repository"


class RepositoryUnreachable(Unavailable):
    """The repository's server or folder does not let us in, or does not answer."""

    code = "repository_unreachable"


class RepositoryReadOnly(RepositoryUnreachable):
    """It can be read, but not written to."""

    code = "repository_read_only"


class WrongRepositoryPassword(Unavailable):
    """The repository is there and the configured password does not open it."""

    code = "wrong_repository_password"


class RepositoryLocked(Conflict):
    """Another restic job holds the repository."""

    code = "repository_locked"


class RepositoryLoginRefused(RepositoryUnreachable):
    """The repository's server does not let us in."""

    code = "repository_login_refused"


class RepositoryIsAWebPage(RepositoryUnreachable):
    """What answers at the repository's address is a page for people: a login, a portal, another server."""

    code = "repository_is_a_web_page"


class RepositoryKeepsAll(Conflict):
    """The repository does not let anything be deleted."""

    code = "repository_append_only"


class RepositoryLockDamaged(Conflict):
    """A lock cannot be read, so that nobody knows whose it is."""

    code = "repository_lock_damaged"


class RepositoryFileDamaged(CommandFailed):
    """A file that the repository cannot do without is empty or torn."""

    code = "repository_file_damaged"


class RepositoryExists(Conflict):
    """A repository was to be made where there is one."""

    code = "repository_exists"


class RepositoryFull(DiskFull):
    """There is no room where the repository is."""

    code = "repository_full"


class TemporaryDiskFull(DiskFull):
    """There is no room where restic keeps what it is about to write: not where the repository is."""

    code = "temporary_disk_full"


class SnapshotNotFound(NotFound):
    """No snapshot, or more than one, has this id."""

    code = "snapshot_not_found"


class BackupPathMissing(NotFound):
    """What should be backed up is not there."""

    code = "backup_path_missing"


class BadResticArgument(InvalidRequest):
    """An id, tag or path that restic would read as something else."""

    code = "bad_restic_argument"


class ResticFailed(CommandFailed):
    """restic ran and said no for a reason that we do not know."""

    code = "restic_failed"


@dataclass(frozen=True)
class _Meaning:
    """A failure that is known by its exit code (from restic 0.17) or by a sign, a regular expression, in its words."""

    error: type[AppError]
    text: str
    signs: tuple[str, ...]
    code: int | None = None


# In this order: the last message of 0.14 is also its answer to a server that is away or says no.
_MEANINGS = (
    _Meaning(
        RepositoryIsAWebPage,
        "What answers at the backup repository's address is a web page, as a login page, and no restic server. Check "
        "restic.repository_path (host, port, path), and whether a proxy or the network's own login is in the way.",
        (WEB_PAGE,),
    ),
    _Meaning(
        RepositoryKeepsAll,
        "The backup repository lets nothing be deleted (append-only?): its server or disk refuses it. Delete with "
        "rights to do so, or let the server's own rules do it.",
        (r"remov[^\n]*(\(403\)|403 forbidden|access ?denied|operation not permitted)",),
    ),
    _Meaning(
        RepositoryLoginRefused,
        "The backup repository's server refuses the login. See to the user name and password in "
        "restic.repository_path, or to the keys in restic.environment; what is there is left alone.",
        (
            r"\((401|403)\)", "401 unauthorized", "403 forbidden", "access ?denied", "invalidaccesskeyid",
            "access key id you provided", "signaturedoesnotmatch", r"permission denied \((publickey|password)",
        ),
    ),
    _Meaning(
        RepositoryLockDamaged,
        "A lock in the backup repository is damaged, as a power cut leaves it, and nobody can tell whose it is. When "
        "it is older than 30 minutes, in a local repository: manage.py snapshot unlock. Else, if no restic job runs on "
        "any machine: restic unlock --remove-all",
        ("invalid lock file", r"<lock/[0-9a-f]+>\)?: invalid data"),
    ),
    _Meaning(
        RepositoryFileDamaged,
        "A part of the backup repository's index{file} is empty or torn, as a power cut leaves it. Make a copy of the "
        "repository, then: restic repair index",
        (r"<index/[0-9a-f]+>\)?: invalid data",),
    ),
    _Meaning(
        RepositoryFileDamaged,
        "The file of a snapshot{file} is empty or torn, as a power cut leaves it. Make a copy of the repository, then "
        "delete that file from its folder `snapshots`; the other snapshots are whole.",
        (r"<snapshot/[0-9a-f]+>\)?: invalid data",),
    ),
    _Meaning(
        RepositoryFileDamaged,
        "The backup repository's file `config` or its key is empty or torn, and nothing opens it without. Put the file "
        "back from a copy of the repository: no other one fits.",
        (r"<key/[0-9a-f]+>\)?: invalid data", "config file has zero size", "unmarshal: unexpected end of json"),
    ),
    _Meaning(
        RepositoryUnreachable,
        "The backup repository's server cannot be reached. Check it and the network.",
        (
            "connection refused", "connection reset", "no such host", "dial tcp", "i/o timeout",
            "connect to host", "network is unreachable", "could not resolve hostname",
            "start the sftp session", "tls handshake",
        ),
    ),
    _Meaning(
        WrongRepositoryPassword,
        "The password in the settings (restic.password) does not open the backup repository.",
        ("wrong password or no key found",),
        12,
    ),
    _Meaning(
        RepositoryLocked,
        "The backup repository is locked by another restic job{holder}. Wait until that is done; if it died, "
        "remove its lock with: manage.py snapshot unlock",
        ("already locked",),
        11,
    ),
    _Meaning(
        TemporaryDiskFull,
        "The disk of restic's temporary folder is full, not that of the backup repository. Make room there: snapshots "
        "and restores use the disk of logs_dir, and all else, or a restic that cannot be confined, that of TMPDIR "
        "(else /tmp). Forgetting snapshots does not help.",
        (r"restic-temp-pack-\d+: (no space left on device|disk quota exceeded)",),
    ),
    _Meaning(
        RepositoryFull,
        "The disk of the backup repository is full. Make room, or forget old snapshots.",
        ("no space left on device", "disk quota exceeded"),
    ),
    _Meaning(
        RepositoryExists,
        "There is a backup repository already; nothing was changed.",
        ("config file already exists", "config already initialized"),
    ),
    _Meaning(
        RepositoryUnreachable,
        "MC Admin's user may not open the backup repository. Check its owner and permissions.",
        ("permission denied",),
    ),
    _Meaning(
        NoRepository,
        "There is no backup repository at the configured place (restic.repository_path). If there was one, see that "
        "its disk is mounted. A new, empty one is made with: manage.py snapshot init",
        ("is there a repository at the following location",),
        10,
    ),
)


def explain(error: ProgramFailed) -> AppError:
    """Return the error that tells a user what restic meant; its own words, which hold paths, stay out."""
    text, code = _words(error.stderr), error.returncode
    if code == CANNOT_CONFINE:
        return ResticNotConfined(
            f"restic was not started: {error.stderr.strip().rpartition(chr(10))[2]}. "
            "The servers' folder must be there, and no part of its path a link made meanwhile."
        )
    if code in _NOT_RUNNABLE:
        return not_installed()
    for meaning in _MEANINGS:
        if code == meaning.code or any(re.search(sign, text) for sign in meaning.signs):
            return meaning.error(meaning.text.format(holder=_holder(text), file=_file(text)))
    return ResticFailed(f"restic failed with exit code {code}. What it said is in the log.")


def not_installed() -> ResticNotInstalled:
    """Return the error for a machine without restic."""
    return ResticNotInstalled(
        "restic is not installed. Install it (0.17 or newer is best), or set restic.binary."
    )


def _words(stderr: str) -> str:
    """Return what restic complained about in lower case, taken out of the JSON that 0.17 wraps it in."""
    return "\n".join(_message(line) for line in stderr.splitlines()).lower()


def _message(line: str) -> str:
    try:
        said = json.loads(line)
    except json.JSONDecodeError:
        return line
    return str(said.get("message", line)) if isinstance(said, dict) else line


def _file(text: str) -> str:
    """Return the first digits of the file that cannot be read: `` (1a2b3c4d5e)``."""
    found = re.search(r"<[a-z]+/([0-9a-f]+)>", text)
    return f" ({found[1]})" if found else ""


def _holder(text: str) -> str:
    """Return who holds the lock, as restic tells it: `` (process 123 on host, for 2m3s)``."""
    who = re.search(r"by pid (\d+) on (\S+)", text)
    since = re.search(r"\(([\dhms.]+) ago\)", text)
    if not who:
        return ""
    age = re.sub(r"\.\d+", "", since[1]) if since else ""
    return f" (process {who[1]} on {who[2]}" + (f", for {age})" if age else ")")
