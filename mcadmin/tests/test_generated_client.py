"""A client that somebody generates from our OpenAPI document, against a running panel."""

import importlib
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testing.panel import Panel, running_panel

pytestmark = [pytest.mark.process, pytest.mark.timeout(120)]

PASSWORD = "correct-horse-battery"
NAME = "generated_mcadmin"


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with running_panel(tmp_path_factory.mktemp("panel")) as one:
        one.manage("createowner", "--username", "alice", "--password-stdin", text=f"{PASSWORD}\n")
        yield one


@pytest.fixture(scope="module")
def generated(panel: Panel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A function that imports a module of the client, which is made without one warning."""
    folder = tmp_path_factory.mktemp("client")
    made = subprocess.run(
        [
            Path(sys.prefix, "bin", "openapi-python-client"), "generate", "--fail-on-warning", "--meta", "none",
            "--url", f"{panel.url}/api/schema/", "--output-path", folder / NAME,
        ],
        cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}"},  # it calls ruff
    )
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield lambda name: importlib.import_module(f"{NAME}.{name}")
    sys.path.remove(str(folder))
    for name in [one for one in sys.modules if one.partition(".")[0] == NAME]:
        del sys.modules[name]


def test_a_generated_client_signs_in_and_reads_a_server(panel: Panel, generated: Any) -> None:
    models, auth = generated("models"), generated("api.auth.auth_token")
    with generated("client").Client(base_url=panel.url) as stranger:
        form = models.LoginRequest(username="alice", password=PASSWORD)
        token = auth.sync(client=stranger, body=form)
        wrong = auth.sync(client=stranger, body=models.LoginRequest(username="alice", password="wrong"))
        assert (type(wrong), wrong.code) == (models.Problem, "wrong_credentials")

    with generated("client").AuthenticatedClient(base_url=panel.url, token=token.access_token) as alice:
        assert generated("api.servers.servers_list").sync(client=alice) == []
        body = models.ServerCreateRequest(id="lobby", accept_eula=True, type_="PAPER", version="1.16.1")
        created = generated("api.servers.servers_create").sync(client=alice, body=body)
        assert (created.id, created.game_version) == ("lobby", "1.16.1")
        assert generated("api.servers.servers_list").sync(client=alice) == [created]
        status = generated("api.servers.servers_status").sync("lobby", client=alice)
        assert status.status in {models.ServerStatusEnum.EXISTS, models.ServerStatusEnum.UNKNOWN}
        assert status.last_status is None
        problem = generated("api.servers.servers_read").sync("ghost", client=alice)
        assert (type(problem), problem.code) == (models.Problem, "server_not_found")
        usage = generated("api.snapshots.snapshots_repository_usage").sync(client=alice)
        assert usage is None  # backups are not configured


def test_a_generated_client_sends_files_and_pieces(panel: Panel, generated: Any) -> None:
    """Every kind of body that is no JSON: a file as multipart, bytes as they are."""
    models, types = generated("models"), generated("types")
    data = panel.servers / "files" / "data"
    data.mkdir(parents=True)
    (data.parent / "compose.yaml").write_text("services: {}\n")
    with generated("client").AuthenticatedClient(base_url=panel.url, token=panel.environment["MASTER_TOKEN"]) as system:
        file = types.File(payload=b"motd=Hi\n", file_name="hello.txt")
        done = generated("api.servers.files_upload").sync(
            "files", client=system, body=models.FilesUploadBody(file=file), path="/"
        )
        assert (type(done), done.path) == (models.FileDone, "/hello.txt")
        assert (data / "hello.txt").read_bytes() == b"motd=Hi\n"
        wanted = models.UploadCreateRequest(path="/", name="pieces", size=3)
        begun = generated("api.servers.uploads_create").sync("files", client=system, body=wanted)
        piece = types.File(payload=b"abc")
        sent = generated("api.servers.uploads_send").sync("files", begun.id, client=system, body=piece, offset=0)
        assert (type(sent), sent.offset) == (models.Upload, 3)


def test_a_generated_client_has_every_operation(generated: Any) -> None:
    api = generated("api")
    names = {one.name for one in pkgutil.walk_packages(api.__path__, f"{NAME}.api.") if not one.ispkg}
    for name in names:
        importlib.import_module(name)
    wanted = _operations()
    assert len(wanted) > 80
    assert len(names) == len(wanted)


def _operations() -> list[str]:
    from testing.contract import document

    return [one["operationId"] for path in document()["paths"].values() for one in path.values()]
