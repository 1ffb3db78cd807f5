"""S26: secrets sent through every endpoint, body type and socket message turn up in no log, row, page or process.

Made from the routing: a new route is covered the day it is written. Takes half a minute, so it is not in `make check`.
"""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import LazySettings
from django.core.cache import cache
from django.db import connections
from django.test import Client

from accounts import tokens
from accounts.models import User, UserRole
from audit import recorder
from backups import wiring as backups_wiring
from core.daily_file import DailyFile
from core.redaction import Redactor
from mcadmin.asgi import application
from mcadmin.logs import DailyHandler, OneLine
from servers import wiring
from servers.models import Operation
from servers.tests.conftest import fake, server_path  # noqa: F401 - fixtures
from testing import canaries
from testing.canaries import CANARIES
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic
from web.config import ResticSettings

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]

SERVER = "canary"


@dataclass
class Watched:
    """A panel with secrets in it, and every place they could get to."""

    token: str
    values: dict[str, str]
    logs: Path
    owner: User
    answers: list[str] = field(default_factory=list)
    processes: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Fail with where a canary was found."""
        recorder.flush()
        self.see_admin_pages()
        found = {
            "app.log": canaries.find(self._read("app.log")),
            "operations.log": canaries.find(self._read("operations.log")),
            "database": canaries.find(canaries.database_text()),
            "answers": canaries.find("\n".join(self.answers)),
            "processes": canaries.find("\n".join(self.processes), but=("password",)),  # a command's words
        }
        jwt = {place: ["JWT"] for place, text in self._texts().items() if self.token in text}
        assert {place: names for place, names in found.items() if names} | jwt == {}

    def see_admin_pages(self) -> None:
        site = Client()
        site.force_login(User.objects.create_user(f"viewer{User.objects.count()}", None, UserRole.OWNER))
        for path in ("", "server/", f"server/{SERVER}/", "audit/auditevent/", "servers/operation/"):
            self.answers.append(site.get(f"/admin/{path}").content.decode())
        from audit.models import AuditEvent

        for event in AuditEvent.objects.all()[:10]:
            self.answers.append(site.get(f"/admin/audit/auditevent/{event.pk}/change/").content.decode())

    def _read(self, name: str) -> str:
        path = self.logs / name
        return path.read_text() if path.exists() else ""

    def _texts(self) -> dict[str, str]:
        return {
            "app.log": self._read("app.log"), "operations.log": self._read("operations.log"),
            "database": canaries.database_text(), "answers": "\n".join(self.answers),
            "processes": "\n".join(self.processes),
        }


@pytest.fixture
def watched(
    fake: FakeDocker, server_path: Path, settings: LazySettings, tmp_path: Path  # noqa: F811 - the fixtures
) -> Iterator[Watched]:
    section = ResticSettings(repository_path=str(tmp_path / "repository"), password=CANARIES["restic password"])
    jwt = settings.MC_ADMIN.jwt.model_copy(update={"secret_key": CANARIES["signing key"]})
    changes = {"restic": section, "logs_dir": tmp_path / "logs", "master_token": CANARIES["master token"], "jwt": jwt}
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update=changes)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    restic = FakeRestic("0.18", passwords={section.repository_path: section.password})
    (server_path / SERVER / "data").mkdir(parents=True)
    (server_path / SERVER / "compose.yaml").write_text(canaries.yaml_text(SERVER))
    owner = User.objects.create_user("olga", CANARIES["password"], UserRole.OWNER)
    operation = Operation.objects.create(server_id=SERVER, kind="up", state="succeeded", started_at=owner.created_at)
    values = {
        "server_id": SERVER, "int": "1", "uuid": str(operation.pk), "snapshot_id": "a" * 64, "path": "x.txt",
        "object_id": "1",
    }
    found = Watched(token=tokens.issue(owner), values=values, logs=tmp_path / "logs", owner=owner)
    _spy(fake, restic, found)
    handler = DailyHandler(DailyFile(found.logs / "app.log", keep_days=1))
    handler.setFormatter(OneLine(Redactor(settings.MC_ADMIN.secrets())))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    cache.clear()
    yield found
    root.setLevel(level)
    root.removeHandler(handler)
    handler.close()
    recorder.flush()
    backups_wiring.run_override = None
    backups_wiring.reset()


def _spy(docker: FakeDocker, restic: FakeRestic, found: Watched) -> None:
    """Note the arguments of every process at the boundary where it would be started."""
    plain = docker.run

    async def run(*argv: str, **options: Any) -> str:
        found.processes.append(" ".join(argv))
        return await plain(*argv, **options)

    async def run_restic(*argv: str, **options: Any) -> str:
        found.processes.append(" ".join(argv))
        return await restic(*argv, **options)

    docker.run = run  # type: ignore[method-assign]  # the boundary
    wiring.cli_override = docker.cli
    wiring.reset()
    backups_wiring.run_override = run_restic
    backups_wiring.reset()


@pytest.mark.parametrize("route", canaries.api_routes())
def test_no_secret_of_an_api_call_is_written_down(watched: Watched, route: str) -> None:
    asyncio.run(_call(watched, route))
    watched.check()


async def _call(watched: Watched, route: str) -> None:
    path = canaries.address(route, watched.values)
    transport = httpx.ASGITransport(application._app, raise_app_exceptions=False)
    await wiring.live().start()
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=20) as http:
            for method in canaries.METHODS:
                for body in canaries.bodies(route, method, SERVER):
                    if await _send(http, method, path, body, watched) == 405:
                        break  # the route does not take the method; one body was enough to see it
    finally:
        await wiring.live().stop()
        await sync_to_async(connections.close_all)()


async def _send(http: httpx.AsyncClient, method: str, path: str, body: canaries.Body, watched: Watched) -> int:
    identities = [watched.token]
    if body.name == "fitting":
        identities += [CANARIES["master token"], CANARIES["wrong token"]]
    elif method == "GET":
        return 0  # its body says nothing
    for identity in identities:
        headers = {
            "Authorization": f"Bearer {identity}", "Content-Type": body.content_type,
            "User-Agent": f"x?token={CANARIES['wrong token']}", "Referer": canaries.ADDRESS,
        }
        query = {
            "token": identity, "rcon_password": CANARIES["rcon password"], "x": f"Bearer {identity}",
            "url": canaries.ADDRESS,
        }
        answer = await http.request(method, path, headers=headers, content=body.raw, params=query)
        if answer.status_code >= 400:
            watched.answers.append(answer.text)
        if answer.status_code == 405:
            return 405
    return answer.status_code


@pytest.mark.parametrize("route", canaries.admin_routes())
def test_no_secret_of_an_admin_form_is_written_down(watched: Watched, route: str) -> None:
    site = Client(raise_request_exception=False)
    site.force_login(watched.owner)
    path = canaries.address(route, watched.values)
    forms = {
        **{name: value for name, value in canaries.fields(SERVER).items() if isinstance(value, str)},
        "password1": CANARIES["new password"], "password2": CANARIES["new password"], "do": f"server:{SERVER}:up",
        "old_password": CANARIES["password"], "new_password1": CANARIES["new password"],
    }
    for method in ("get", "post"):
        answer = getattr(site, method)(path, forms)
        if answer.status_code >= 400:
            watched.answers.append(answer.content.decode())
    watched.check()


@pytest.mark.parametrize("number", range(len(canaries.sockets({"server_id": "x", "uuid": "x"}))))
def test_no_secret_of_a_socket_message_is_written_down(watched: Watched, number: int) -> None:
    path, kinds = list(canaries.sockets(watched.values).items())[number]
    asyncio.run(_talk(watched, path, kinds))
    watched.check()


async def _talk(watched: Watched, path: str, kinds: list[str]) -> None:
    await wiring.live().start()
    try:
        for token in (watched.token, CANARIES["master token"], CANARIES["wrong token"]):
            query = f"?token={token}&password={CANARIES['password']}"
            socket = WebsocketCommunicator(application._app, path + query)
            connected, _ = await socket.connect(timeout=5)
            if connected:
                await _send_frames(socket, kinds, watched)
            await socket.disconnect(timeout=5)
    finally:
        await wiring.live().stop()
        await sync_to_async(connections.close_all)()


async def _send_frames(socket: WebsocketCommunicator, kinds: list[str], watched: Watched) -> None:
    for frame in canaries.frames(kinds, SERVER):
        await socket.send_to(text_data=frame)
    while not await socket.receive_nothing(timeout=0.2):
        answer = await socket.receive_output()
        text = str(answer.get("text", ""))
        if '"type": "error"' in text:
            watched.answers.append(text)
        if answer["type"] == "websocket.close":
            return


def test_the_search_finds_what_is_not_masked(watched: Watched, settings: LazySettings) -> None:
    audit = settings.MC_ADMIN.audit.model_copy(update={"sensitive_fields": []})
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"audit": audit})
    asyncio.run(_call(watched, "api/auth/token"))

    with pytest.raises(AssertionError, match=r"'operations\.log': \['password'"):
        watched.check()
