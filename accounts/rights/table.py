"""What each address of the API needs, by method: the one table. A system check refuses a route that is not in it.

``{id}`` of an address is the server. Where it is not, the view finds the server in its body or in what it reads, and
asks ``accounts.rights.judge``; the table says by which verb.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from accounts.rights.verbs import Verb


class Who(Enum):
    """What is asked of the caller, whatever the server."""

    ANYONE = auto()
    SIGNED_IN = auto()  # by a key, too
    PERSON = auto()  # not by a key: it makes no keys, sessions, passwords
    CREATOR = auto()  # may make new servers
    OWNER = auto()
    MASTER = auto()  # the master token and nobody else


class Where(Enum):
    """Which server a verb is asked on."""

    ADDRESS = auto()  # {id}
    BODY = auto()
    OBJECT = auto()  # what the address names, an operation or a snapshot, belongs to a server
    EACH = auto()  # a list: what is not theirs is left out


@dataclass(frozen=True)
class Need:
    """A verb, and on which server.

    ``verbs`` are several where the body decides (an action has its own); ``words`` tells that a command whose first
    word is allowed needs no ``command``.
    """

    verbs: tuple[Verb, ...]
    where: Where = Where.ADDRESS
    words: bool = False


def _on(*verbs: Verb, where: Where = Where.ADDRESS, words: bool = False) -> Need:
    return Need(verbs, where, words)


_VIEW, _BACKUP, _RESTORE = _on(Verb.VIEW), _on(Verb.BACKUP), _on(Verb.RESTORE)
_READ_FILES, _WRITE_FILES, _COMPOSE = _on(Verb.FILES_READ), _on(Verb.FILES_WRITE), _on(Verb.COMPOSE)
_IN_SNAPSHOT = _on(Verb.FILES_READ, where=Where.OBJECT)

ROUTES: Mapping[str, Mapping[str, Who | Need]] = MappingProxyType({
    "/healthz": {"GET": Who.ANYONE},
    "/schema": {"GET": Who.ANYONE},
    "/docs": {"GET": Who.ANYONE},
    "/redoc": {"GET": Who.ANYONE},
    "/metrics": {"GET": Who.SIGNED_IN},  # by metrics_token or the master token, which MetricsView asks for

    "/auth/token": {"POST": Who.ANYONE},
    "/auth/session": {"GET": Who.ANYONE, "POST": Who.ANYONE, "DELETE": Who.ANYONE},
    "/auth/setup": {"POST": Who.ANYONE},
    "/auth/sessions": {"GET": Who.PERSON, "DELETE": Who.PERSON},
    "/auth/sessions/{id}": {"DELETE": Who.PERSON},
    "/auth/register": {"POST": Who.OWNER},
    "/auth/verifyCode": {"POST": Who.MASTER},
    "/auth/logout-all": {"POST": Who.PERSON},
    "/user/me": {"GET": Who.SIGNED_IN},
    "/user/me/password": {"POST": Who.PERSON},
    "/user/me/preferences": {"GET": Who.PERSON, "PUT": Who.PERSON},
    "/user/me/keys": {"GET": Who.PERSON, "POST": Who.PERSON},
    "/user/me/keys/{id}": {"DELETE": Who.PERSON},
    "/user/me/rights": {"GET": Who.SIGNED_IN},
    "/admin/users": {"GET": Who.OWNER, "POST": Who.OWNER},
    "/admin/users/{id}": {"GET": Who.OWNER, "PUT": Who.OWNER, "PATCH": Who.OWNER, "DELETE": Who.OWNER},
    "/admin/users/{id}/sessions": {"DELETE": Who.OWNER},
    "/admin/users/{id}/grants": {"GET": Who.OWNER, "PUT": Who.OWNER},
    "/admin/keys": {"GET": Who.OWNER},
    "/admin/keys/{id}": {"DELETE": Who.OWNER},
    "/admin/roles": {"GET": Who.OWNER, "POST": Who.OWNER},
    "/admin/roles/{id}": {"PUT": Who.OWNER, "DELETE": Who.OWNER},
    "/invitations": {"GET": Who.OWNER, "POST": Who.OWNER},
    "/invitations/{id}": {"DELETE": Who.OWNER},
    "/invitations/{token}": {"GET": Who.ANYONE, "POST": Who.ANYONE},
    "/audit": {"GET": Who.OWNER},
    "/servers/{id}/audit": {"GET": Who.OWNER},
    "/servers/{id}/members": {"GET": Who.OWNER},

    "/servers": {"GET": _on(Verb.VIEW, where=Where.EACH), "POST": Who.CREATOR},
    "/servers/check": {"POST": Who.CREATOR},
    "/servers/defaults": {"GET": Who.CREATOR},
    "/servers/removed": {"GET": _on(Verb.VIEW, where=Where.EACH)},
    "/servers/removed/{name}": {"DELETE": Who.OWNER},
    "/servers/removed/{name}/restore": {"POST": _on(Verb.REMOVE, where=Where.OBJECT)},
    "/servers/{id}": {"GET": _VIEW},
    "/servers/{id}/status": {"GET": _VIEW},
    "/servers/{id}/resources": {"GET": _VIEW},
    "/servers/{id}/cpu_percent": {"GET": _VIEW},
    "/servers/{id}/memory": {"GET": _VIEW},
    "/servers/{id}/iostats": {"GET": _VIEW},
    "/servers/{id}/disk-usage": {"GET": _VIEW},
    "/servers/{id}/players": {"GET": _VIEW},
    "/servers/{id}/history": {"GET": _VIEW},
    "/servers/{id}/rcon": {"POST": _on(Verb.COMMAND, words=True)},
    "/servers/{id}/compose": {"GET": _COMPOSE, "POST": _COMPOSE},
    "/servers/{id}/compose/check": {"POST": _COMPOSE},
    "/servers/{id}/compose/revisions": {"GET": _COMPOSE},
    "/servers/{id}/compose/revisions/{number}/restore": {"POST": _COMPOSE},
    "/servers/{id}/operations": {"GET": _VIEW, "POST": _on(Verb.POWER, Verb.REMOVE)},
    "/attention": {"GET": _on(Verb.VIEW, where=Where.EACH)},  # of no server: for who has everything
    "/operations": {"GET": _on(Verb.VIEW, where=Where.EACH)},  # of no server: for who has everything
    "/operations/{id}": {"GET": _on(Verb.VIEW, where=Where.OBJECT)},
    "/operations/{id}/cancel": {"POST": _on(Verb.POWER, where=Where.OBJECT)},
    "/system/info": {"GET": Who.SIGNED_IN},
    "/system/cpu_percent": {"GET": Who.SIGNED_IN},
    "/system/disk-usage": {"GET": Who.SIGNED_IN},
    "/system/history": {"GET": Who.SIGNED_IN},

    "/servers/{id}/files": {"GET": _READ_FILES, "DELETE": _WRITE_FILES},
    "/servers/{id}/files/create": {"POST": _WRITE_FILES},
    "/servers/{id}/files/rename": {"POST": _WRITE_FILES},
    "/servers/{id}/files/move": {"POST": _WRITE_FILES},
    "/servers/{id}/files/copy": {"POST": _WRITE_FILES},
    "/servers/{id}/files/content": {"GET": _READ_FILES, "POST": _WRITE_FILES},
    "/servers/{id}/files/upload": {"POST": _WRITE_FILES},
    "/servers/{id}/files/download": {"GET": _READ_FILES},
    "/servers/{id}/files/extract": {"POST": _WRITE_FILES},
    "/servers/{id}/files/search": {"GET": _READ_FILES},
    "/servers/{id}/files/tail": {"GET": _READ_FILES},
    "/servers/{id}/files/uploads": {"GET": _WRITE_FILES, "POST": _WRITE_FILES},
    "/servers/{id}/files/uploads/{upload_id}": {"GET": _WRITE_FILES, "PATCH": _WRITE_FILES, "DELETE": _WRITE_FILES},
    "/servers/{id}/files/uploads/{upload_id}/finish": {"POST": _WRITE_FILES},
    "/servers/{id}/properties": {"GET": _READ_FILES, "PUT": _WRITE_FILES},

    "/snapshots": {"GET": _on(Verb.VIEW, where=Where.EACH), "POST": _on(Verb.BACKUP, where=Where.BODY)},
    "/snapshots/{id}": {
        "GET": _on(Verb.VIEW, where=Where.OBJECT), "PATCH": _on(Verb.BACKUP, where=Where.OBJECT), "DELETE": Who.OWNER,
    },
    "/snapshots/{id}/files": {"GET": _IN_SNAPSHOT},
    "/snapshots/{id}/download": {"GET": _IN_SNAPSHOT},
    "/snapshots/{id}/diff/{other}": {"GET": _IN_SNAPSHOT},
    "/snapshots/{id}/verify": {"POST": _on(Verb.BACKUP, where=Where.OBJECT)},
    "/snapshots/restore": {"POST": _on(Verb.RESTORE, where=Where.BODY)},
    "/snapshots/restore/preview": {"POST": _on(Verb.RESTORE, where=Where.BODY)},
    "/snapshots/health": {"GET": _on(Verb.VIEW, where=Where.EACH)},
    "/snapshots/repository-usage": {"GET": Who.SIGNED_IN},
    "/snapshots/schedules": {"GET": _on(Verb.VIEW, where=Where.EACH), "POST": Who.OWNER},
    "/snapshots/schedules/{n}": {
        "GET": _on(Verb.VIEW, where=Where.OBJECT), "PUT": Who.OWNER, "DELETE": Who.OWNER,
    },
    "/snapshots/schedules/{n}/run": {"POST": _on(Verb.BACKUP, where=Where.OBJECT)},
    "/snapshots/forget": {"POST": Who.OWNER},
    "/snapshots/prune": {"POST": Who.OWNER},
    "/snapshots/check": {"POST": Who.OWNER},
    "/snapshots/unlock": {"POST": Who.OWNER},
    "/servers/{id}/snapshots": {"GET": _VIEW, "POST": _BACKUP},
    "/servers/{id}/snapshots/ignore": {"GET": _BACKUP, "PUT": _BACKUP},
})

SOCKETS: Mapping[str, Who | Need] = MappingProxyType({
    "/auth/code": Who.ANYONE,
    "/servers/live": _on(Verb.VIEW, where=Where.EACH),
    "/servers/{id}/console": _on(Verb.CONSOLE),  # each `command` frame needs `command`, or an allowed word
    "/operations/{id}": _on(Verb.VIEW, where=Where.OBJECT),
})
