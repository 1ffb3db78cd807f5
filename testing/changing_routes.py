"""Of each changing route of the OpenAPI document: how to ask for a change, and how to see that it was made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from testing.leaving import Ask, Route
from testing.leaving_ground import PASSWORD, World, plan_of, source, text_of

Thing = Any  # what ``ready`` made, as ``ask`` and ``made`` take it


@dataclass(frozen=True)
class Change:
    """Of one route.

    Attributes:
        ask: what to send as the request number n.
        made: whether the change that it asked for is there, seen on the disk, in the database or by the fakes.
        ready: makes beforehand what the request needs.
    """

    ask: Callable[[int, Thing], Ask]
    made: Callable[[World, int, Thing], bool]
    ready: Callable[[World, int], Thing] = lambda _world, _n: None


def _has_user(world: World, name: str) -> bool:
    return world.one("SELECT id FROM accounts_user WHERE username = ?", name) is not None


def _has_role(world: World, name: str) -> bool:
    return world.one("SELECT id FROM accounts_role WHERE name = ?", name) is not None


def _of_user(world: World, n: int, column: str) -> Any:
    return world.one(f"SELECT {column} FROM accounts_user WHERE username = ?", f"w{n:05}")  # noqa: S608 - ours


def _is_signed_in(world: World, n: int) -> bool:
    query = "SELECT 1 FROM accounts_signin s JOIN accounts_user u ON u.id = s.user_id WHERE username = ? AND {}"
    return world.one(query.format("ended_at IS NULL"), f"w{n:05}") is not None


def _has_ended(world: World, key: tuple[str, int]) -> bool:
    return world.one("SELECT 1 FROM accounts_key WHERE id = ? AND ended_at IS NOT NULL", key[1]) is not None


def _let_in(page: Any) -> bool:
    try:
        return "access_token" in page.recv(timeout=2)
    except TimeoutError:
        return False


def _new_user(n: int, _: Thing) -> Ask:
    return Ask(body={"username": f"u{n:05}", "password": PASSWORD, "role": "owner"})


_NEW_USER = Change(_new_user, lambda world, n, _: _has_user(world, f"u{n:05}"))
_CHANGED_USER = Change(
    lambda n, user: Ask(at={"id": user}, body={"username": f"v{n:05}", "role": "admin"}),
    lambda world, n, _: _has_user(world, f"v{n:05}"), World.user,
)

ACCOUNTS: dict[Route, Change] = {
    ("POST", "/api/auth/register"): _NEW_USER,
    ("POST", "/api/admin/users"): _NEW_USER,
    ("PUT", "/api/admin/users/{id}"): _CHANGED_USER,
    ("PATCH", "/api/admin/users/{id}"): _CHANGED_USER,
    ("DELETE", "/api/admin/users/{id}"): Change(
        lambda _n, user: Ask(at={"id": user}), lambda world, n, _: not _has_user(world, f"w{n:05}"), World.user
    ),
    ("PUT", "/api/admin/users/{id}/grants"): Change(
        lambda _n, user: Ask(at={"id": user}, body={"access": "granted", "create": True}),
        lambda world, n, _: _of_user(world, n, "access") == "granted", World.user,
    ),
    ("POST", "/api/admin/roles"): Change(
        lambda n, _: Ask(body={"name": f"r{n:05}", "verbs": ["view"]}),
        lambda world, n, _: _has_role(world, f"r{n:05}"),
    ),
    ("PUT", "/api/admin/roles/{id}"): Change(
        lambda n, role: Ask(at={"id": role}, body={"name": f"t{n:05}", "verbs": ["view"]}),
        lambda world, n, _: _has_role(world, f"t{n:05}"), World.role,
    ),
    ("DELETE", "/api/admin/roles/{id}"): Change(
        lambda _n, role: Ask(at={"id": role}), lambda world, n, _: not _has_role(world, f"r{n:05}"), World.role
    ),
    ("POST", "/api/auth/logout-all"): Change(
        lambda _n, token: Ask(token=token),
        lambda world, n, _: _of_user(world, n, "tokens_valid_after") is not None, World.token,
    ),
    ("POST", "/api/user/me/password"): Change(
        lambda n, token: Ask(token=token, body={"old_password": PASSWORD, "new_password": f"{PASSWORD}-{n}"}),
        lambda world, n, _: _of_user(world, n, "tokens_valid_after") is not None, World.token,
    ),
    ("POST", "/api/auth/session"): Change(
        lambda n, _: Ask(body={"username": f"w{n:05}", "password": PASSWORD}, source=source(n), token=""),
        lambda world, n, user: world.one("SELECT id FROM accounts_signin WHERE user_id = ?", user) is not None,
        World.user,
    ),
    ("DELETE", "/api/auth/session"): Change(
        lambda _n, token: Ask(token=token), lambda world, n, _: not _is_signed_in(world, n), World.token
    ),
    ("DELETE", "/api/auth/sessions"): Change(
        lambda _n, token: Ask(token=token, query="others=1"),
        lambda world, n, _: _of_user(world, n, "tokens_valid_after") is not None, World.token,
    ),
    ("DELETE", "/api/auth/sessions/{id}"): Change(
        lambda n, sign_in: Ask(at={"id": sign_in[1]}, token=sign_in[0]),
        lambda world, n, _: not _is_signed_in(world, n), World.sign_in,
    ),
    ("DELETE", "/api/admin/users/{id}/sessions"): Change(
        lambda _n, user: Ask(at={"id": user}),
        lambda world, n, _: _of_user(world, n, "tokens_valid_after") is not None, World.user,
    ),
    ("POST", "/api/user/me/keys"): Change(
        lambda n, token: Ask(token=token, body={"name": f"k{n}", "verbs": ["view"], "servers": ["*"]}),
        lambda world, n, _: world.one("SELECT 1 FROM accounts_key WHERE name = ?", f"k{n}") is not None, World.token,
    ),
    ("DELETE", "/api/user/me/keys/{id}"): Change(
        lambda _n, key: Ask(at={"id": key[1]}, token=key[0]), lambda world, _n, key: _has_ended(world, key), World.key
    ),
    ("DELETE", "/api/admin/keys/{id}"): Change(
        lambda _n, key: Ask(at={"id": key[1]}), lambda world, _n, key: _has_ended(world, key), World.key
    ),
    ("PUT", "/api/user/me/preferences"): Change(
        lambda n, token: Ask(token=token, body={"n": n}),
        lambda world, n, _: world.one(
            "SELECT 1 FROM accounts_preferences p JOIN accounts_user u ON u.id = p.user_id WHERE username = ?",
            f"w{n:05}",
        ) is not None, World.token,
    ),
    ("POST", "/api/invitations"): Change(
        lambda n, _: Ask(body={"grants": [{"role": "viewer", "server": f"i{n:05}-*"}]}),
        lambda world, n, _: world.one(
            "SELECT 1 FROM accounts_invitation WHERE grants LIKE ?", f"%i{n:05}-*%"
        ) is not None,
    ),
    ("DELETE", "/api/invitations/{id}"): Change(
        lambda _n, invitation: Ask(at={"id": invitation[0]}),
        lambda world, _n, invitation: world.one(
            "SELECT revoked_at FROM accounts_invitation WHERE id = ?", invitation[0]
        ) is not None, World.invitation,
    ),
    ("POST", "/api/invitations/{token}"): Change(
        lambda n, invitation: Ask(
            at={"token": invitation[1]}, body={"username": f"w{n:05}", "password": PASSWORD}, source=source(n),
            token="",
        ),
        lambda world, n, _: _has_user(world, f"w{n:05}"), World.invitation,
    ),
    ("POST", "/api/auth/token"): Change(  # a sign-in keeps where it came from
        lambda n, _: Ask(body={"username": f"w{n:05}", "password": PASSWORD}, source=source(n)),
        lambda world, n, user: world.one("SELECT id FROM accounts_signinaddress WHERE user_id = ?", user) is not None,
        World.user,
    ),
    ("POST", "/api/auth/verifyCode"): Change(
        lambda n, page: Ask(body={"username": f"w{n:05}", "code": page[1]}), lambda _world, _n, page: _let_in(page[0]),
        World.code,
    ),
}

SERVERS: dict[Route, Change] = {
    ("POST", "/api/servers"): Change(
        lambda n, _: Ask(body={"id": f"s{n}", "yaml_content": text_of(f"s{n}", n)}),
        lambda world, n, _: (world.panel.servers / f"s{n}/compose.yaml").exists(),
    ),
    ("POST", "/api/servers/check"): Change(  # nothing changes: Compose is asked what the text means
        lambda n, _: Ask(body={"id": f"s{n}", "yaml_content": text_of(f"s{n}", n)}),
        lambda world, n, _: world.did(n, "config"),
    ),
    ("POST", "/api/servers/{id}/compose/check"): Change(
        lambda n, _: Ask(at={"id": f"s{n}"}, body={"yaml_content": text_of(f"s{n}", n, memory="3G")}),
        lambda world, n, _: world.did(n, "config"), World.server,
    ),
    ("POST", "/api/servers/{id}/compose"): Change(
        lambda n, _: Ask(at={"id": f"s{n}"}, body={"yaml_content": text_of(f"s{n}", n, memory="3G")}),
        lambda _world, _n, server: "MAX_MEMORY: 3G" in (server / "compose.yaml").read_text(), World.server,
    ),
    ("POST", "/api/servers/{id}/compose/revisions/{number}/restore"): Change(
        lambda n, _: Ask(at={"id": f"s{n}", "number": 1}, body={}),
        lambda world, n, _: "MAX_MEMORY: 2G" in (world.panel.servers / f"s{n}/compose.yaml").read_text(),
        World.changed,
    ),
    ("POST", "/api/servers/{id}/operations"): Change(
        lambda n, _: Ask(at={"id": f"s{n}"}, body={"action": "up"}), lambda world, n, _: world.did(n, "up"),
        World.server,
    ),
    ("POST", "/api/servers/removed/{name}/restore"): Change(
        lambda _n, name: Ask(at={"name": name}),
        lambda world, n, _: (world.panel.servers / f"s{n}/compose.yaml").exists(), World.removed,
    ),
    ("DELETE", "/api/servers/removed/{name}"): Change(
        lambda _n, name: Ask(at={"name": name}),
        lambda world, _n, name: not (world.panel.servers / ".removed" / name).exists(), World.removed,
    ),
    ("POST", "/api/operations/{id}/cancel"): Change(
        lambda _n, operation: Ask(at={"id": operation}),
        lambda world, _n, operation: world.one(
            "SELECT cancelled_by FROM servers_operation WHERE id = ?", operation.replace("-", "")
        ) == "SYSTEM", World.pull,
    ),
    ("PUT", "/api/servers/{id}/properties"): Change(
        lambda n, _: Ask(at={"id": f"s{n}"}, body={"properties": {"motd": f"c{n}"}}),
        lambda _world, n, server: f"motd=c{n}" in (server / "data/server.properties").read_text(), World.server,
    ),
    ("POST", "/api/servers/{id}/rcon"): Change(
        lambda n, _: Ask(at={"id": f"s{n}"}, body={"command": "say hello"}), lambda world, n, _: world.did(n, "exec"),
        World.running,
    ),
}


def _file_at(body: Callable[[int], Any], *, is_gone: bool = False) -> Change:
    """Of a route that makes the file ``d<n>`` of ``c<n>``, which is then gone or not."""

    def made(world: World, n: int, _: Thing) -> bool:
        old, new = world.lobby / f"c{n}", world.lobby / f"d{n}"
        return new.exists() and old.exists() is not is_gone

    return Change(lambda n, _: Ask(at={"id": "lobby"}, body=body(n)), made, World.file)


def _has_upload(world: World, upload: str) -> bool:
    return world.one("SELECT 1 FROM servers_upload WHERE id = ?", upload.replace("-", "")) is not None


_UPLOADS = "/api/servers/{id}/files/uploads"
FILES: dict[Route, Change] = {
    ("DELETE", "/api/servers/{id}/files"): Change(
        lambda n, _: Ask(at={"id": "lobby"}, query=f"path=/c{n}"), lambda _world, _n, file: not file.exists(),
        World.file,
    ),
    ("POST", "/api/servers/{id}/files/content"): Change(
        lambda n, _: Ask(at={"id": "lobby"}, query=f"path=/c{n}", body={"content": "new"}),
        lambda _world, _n, file: file.read_text() == "new", World.file,
    ),
    ("POST", "/api/servers/{id}/files/create"): Change(
        lambda n, _: Ask(at={"id": "lobby"}, body={"name": f"c{n}", "path": "/", "type": "file"}),
        lambda world, n, _: (world.lobby / f"c{n}").exists(),
    ),
    ("POST", "/api/servers/{id}/files/copy"): _file_at(
        lambda n: {"path": f"/c{n}", "target_path": f"/d{n}"}
    ),
    ("POST", "/api/servers/{id}/files/move"): _file_at(
        lambda n: {"path": f"/c{n}", "target_path": f"/d{n}"}, is_gone=True
    ),
    ("POST", "/api/servers/{id}/files/rename"): _file_at(
        lambda n: {"old_path": f"/c{n}", "new_name": f"d{n}"}, is_gone=True
    ),
    ("POST", "/api/servers/{id}/files/extract"): Change(
        lambda n, _: Ask(at={"id": "lobby"}, body={"path": f"/c{n}.zip", "target_path": "/"}),
        lambda world, n, _: (world.lobby / f"c{n}").exists(), World.archive,
    ),
    ("POST", "/api/servers/{id}/files/upload"): Change(
        lambda n, _: Ask(at={"id": "lobby"}, query="path=/", body=f"c{n}"),
        lambda world, n, _: (world.lobby / f"c{n}").exists(),
    ),
    ("POST", _UPLOADS): Change(
        lambda n, _: Ask(at={"id": "lobby"}, body={"name": f"c{n}", "path": "/", "size": 1}),
        lambda world, n, _: world.one(
            "SELECT 1 FROM servers_upload WHERE CAST(path AS TEXT) IN (?, ?)", f"c{n}", f"/c{n}"
        ) is not None,
    ),
    ("PATCH", f"{_UPLOADS}/{{upload_id}}"): Change(
        lambda _n, upload: Ask(at={"id": "lobby", "upload_id": upload}, query="offset=0", body=b"x"),
        lambda world, _n, upload: world.send("GET", f"/servers/lobby/files/uploads/{upload}")["offset"] == 1,
        World.upload,
    ),
    ("DELETE", f"{_UPLOADS}/{{upload_id}}"): Change(
        lambda _n, upload: Ask(at={"id": "lobby", "upload_id": upload}),
        lambda world, _n, upload: not _has_upload(world, upload), World.upload,
    ),
    ("POST", f"{_UPLOADS}/{{upload_id}}/finish"): Change(
        lambda _n, upload: Ask(at={"id": "lobby", "upload_id": upload}, body={}),
        lambda world, n, _: (world.lobby / f"c{n}").exists(), lambda world, n: world.upload(n, is_whole=True),
    ),
}


def _has_row(table: str, column: str) -> Callable[[World, int, Thing], bool]:
    query = f"SELECT 1 FROM backups_{table} WHERE {column} = ?"  # noqa: S608 - ours
    return lambda world, _n, thing: world.one(query, thing) is not None


def _did(command: str) -> Callable[[World, int, Thing], bool]:
    return lambda world, n, _: world.did(n, command)


def _two_snapshots(world: World, n: int) -> str:
    return world.snapshot(n, times=2)


SNAPSHOTS: dict[Route, Change] = {
    ("POST", "/api/servers/{id}/snapshots"): Change(
        lambda n, _: Ask(at={"id": f"s{n}"}, body={}), _did("backup"), World.server
    ),
    ("PUT", "/api/servers/{id}/snapshots/ignore"): Change(
        lambda n, _: Ask(at={"id": f"s{n}"}, body={"content": f"/c{n}\n"}),
        lambda _world, n, server: any(f"/c{n}\n" in path.read_text() for path in server.glob(".mcadminignore")),
        World.server,
    ),
    ("POST", "/api/snapshots"): Change(lambda n, _: Ask(body={"server_id": f"s{n}"}), _did("backup"), World.server),
    ("POST", "/api/snapshots/check"): Change(lambda _n, _: Ask(body={}), _did("check")),
    ("POST", "/api/snapshots/prune"): Change(lambda _n, _: Ask(), _did("prune")),
    ("POST", "/api/snapshots/unlock"): Change(lambda _n, _: Ask(), _did("unlock"), World.lock),
    ("POST", "/api/snapshots/forget"): Change(
        lambda n, _: Ask(body={"server_id": f"s{n}", "keep_last": 1}), _did("forget"), _two_snapshots
    ),
    ("POST", "/api/snapshots/restore"): Change(
        lambda n, snapshot: Ask(body={"snapshot_id": snapshot, "server_id": f"s{n}", "as": f"r{n}"}),
        lambda world, n, _: (world.panel.servers / f"r{n}/data/level.dat").exists(), World.snapshot,
    ),
    ("POST", "/api/snapshots/restore/preview"): Change(  # its operation is kept, like any other
        lambda n, snapshot: Ask(body={"snapshot_id": snapshot, "server_id": f"s{n}"}), _did("dry-run"), World.snapshot
    ),
    ("POST", "/api/snapshots/schedules"): Change(
        lambda n, _: Ask(body=plan_of(n, "0 4 * * *")),
        lambda world, n, _: world.one("SELECT 1 FROM backups_schedule WHERE server_id = ?", f"s{n}") is not None,
        World.server,
    ),
    ("PUT", "/api/snapshots/schedules/{n}"): Change(
        lambda n, schedule: Ask(at={"n": schedule}, body=plan_of(n, "0 5 * * *")),
        lambda world, _n, schedule: world.one("SELECT cron FROM backups_schedule WHERE id = ?", schedule)
        == "0 5 * * *", World.schedule,
    ),
    ("DELETE", "/api/snapshots/schedules/{n}"): Change(
        lambda _n, schedule: Ask(at={"n": schedule}),
        lambda world, n, schedule: not _has_row("schedule", "id")(world, n, schedule), World.schedule,
    ),
    ("POST", "/api/snapshots/schedules/{n}/run"): Change(
        lambda _n, schedule: Ask(at={"n": schedule}), _did("backup"), World.schedule
    ),
    ("PATCH", "/api/snapshots/{id}"): Change(
        lambda _n, snapshot: Ask(at={"id": snapshot}, body={"pinned": True}), _has_row("pin", "snapshot_id"),
        World.snapshot,
    ),
    ("DELETE", "/api/snapshots/{id}"): Change(
        lambda _n, snapshot: Ask(at={"id": snapshot}), _did("forget"), _two_snapshots
    ),
    ("POST", "/api/snapshots/{id}/verify"): Change(
        lambda _n, snapshot: Ask(at={"id": snapshot}), _has_row("drill", "snapshot_id"), World.snapshot
    ),
}

ROUTES = ACCOUNTS | SERVERS | FILES | SNAPSHOTS
