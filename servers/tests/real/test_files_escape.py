"""Every verb of the file API by every shape of path that could lead out, on a panel as its users have it."""

import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from servers.tests.conftest import write_server
from testing.panel import running_panel

pytestmark = pytest.mark.process

CANARY = "c4nary-that-nobody-may-see"


class Shape(NamedTuple):
    path: str
    kind: str  # form: wrong by itself; through: a link in the middle; link: a link at the end; harmless


SHAPES = {
    "parent": Shape("..", "form"),
    "parent of a name": Shape("../canary", "form"),
    "parent in the middle": Shape("sub/../../canary", "form"),
    "parent and slash": Shape("/../canary/", "form"),
    "parent of the servers": Shape("../../ab/data/canary", "form"),
    "NUL": Shape("sub\0/../canary", "form"),
    "backslash": Shape("..\\canary", "form"),
    "backslash in the middle": Shape("sub\\..\\..\\canary", "form"),
    "absolute": Shape("/etc/passwd", "harmless"),
    "absolute twice": Shape("//etc/passwd", "harmless"),
    "percent": Shape("%2e%2e/canary", "harmless"),
    "percent slash": Shape("..%2fcanary", "harmless"),
    "link to a file": Shape("to-canary", "link"),
    "link to a directory": Shape("to-server", "link"),
    "link and slash": Shape("to-server/", "link"),
    "dangling link": Shape("dangling", "link"),
    "link to itself": Shape("loop", "link"),
    "absolute link": Shape("to-etc", "link"),
    "absolute link inside": Shape("to-inside", "link"),
    "link in the middle": Shape("to-server/compose.yaml", "through"),
    "sibling server": Shape("to-sibling/canary", "through"),
    "/etc": Shape("to-etc/passwd", "through"),
    "dangling in the middle": Shape("dangling/canary", "through"),
    "two links": Shape("to-sub/up-and-out/canary", "through"),
    "hard link": Shape("hard", "harmless"),
}
ACTS_ON_THE_LINK = {"rename", "move from", "copy from", "delete"}
Verb = Callable[[str], tuple[int, str]]  # a path → status and what was answered


def build(folder: Path) -> Path:
    """Make servers ``a`` and ``ab`` with canaries around, and every link in ``a``; return ``a``'s data."""
    for name in ("a", "ab"):
        if not (folder / name).exists():
            write_server(folder, name)
    (folder / "ab" / "data" / "canary").write_text(CANARY)
    (folder / "a" / "canary").write_text(CANARY)
    data = folder / "a" / "data"
    for one in sorted(data.rglob("*"), reverse=True):
        one.rmdir() if one.is_dir() and not one.is_symlink() else one.unlink()
    (data / "sub").mkdir()
    (data / "sub" / "file").write_text("inside")
    with zipfile.ZipFile(data / "pack.zip", "w") as archive:
        archive.writestr("canary", "changed")
    for name, target in {
        "to-canary": "../canary", "to-server": "..", "dangling": "nowhere", "loop": "loop", "to-etc": "/etc",
        "to-inside": str(data / "sub"), "to-sibling": "../../ab/data", "to-sub": "sub", "sub/up-and-out": "../..",
    }.items():
        (data / name).symlink_to(target)
    os.link(folder / "a" / "canary", data / "hard")
    return data


def outside(folder: Path) -> dict[str, Any]:
    """Everything that lies outside of ``a``'s data, and of /etc."""
    data = folder / "a" / "data"
    found: dict[str, Any] = {"/etc": sorted(os.listdir("/etc")), "passwd": Path("/etc/passwd").read_bytes()}
    for one in sorted(folder.rglob("*")):
        if not one.is_relative_to(data):
            found[str(one)] = one.read_bytes() if one.is_file() else None
    return found


def http_verbs(client: httpx.Client, server_id: str = "a") -> dict[str, Verb]:
    """The API's verbs on a server's files; a new one belongs here."""
    base = f"/servers/{server_id}/files"

    def answered(response: httpx.Response) -> tuple[int, str]:
        return response.status_code, response.text

    def get(route: str, **more: Any) -> Verb:
        return lambda path: answered(client.get(f"{base}{route}", params={"path": path, **more}))

    def post(route: str, make: Callable[[str], dict[str, Any]]) -> Verb:
        return lambda path: answered(client.post(f"{base}{route}", json=make(path)))

    part = {"file": ("canary", b"changed")}
    named = {"name": "canary", "size": 7}
    return {
        "list": get(""),
        "read": get("/content"),
        "download or zip": get("/download"),
        "tail": get("/tail"),
        "search": get("/search", content="canary"),
        "delete": lambda path: answered(client.delete(base, params={"path": path})),
        "write": lambda path: answered(
            client.post(f"{base}/content", params={"path": path}, json={"content": "changed"})
        ),
        "upload into": lambda path: answered(
            client.post(f"{base}/upload", params={"path": path, "overwrite": True}, files=part)
        ),
        "create in": post("/create", lambda path: {"name": "new", "type": "file", "path": path}),
        "mkdir in": post("/create", lambda path: {"name": "made", "type": "directory", "path": path}),
        "rename": post("/rename", lambda path: {"old_path": path, "new_name": "renamed"}),
        "move from": post("/move", lambda path: {"path": path, "target_path": "/moved"}),
        "move into": post("/move", lambda path: {"path": "/sub/file", "target_path": f"{path}/canary"}),
        "copy from": post("/copy", lambda path: {"path": path, "target_path": "/copied"}),
        "copy into": post("/copy", lambda path: {"path": "/sub/file", "target_path": f"{path}/new"}),
        "extract from": post("/extract", lambda path: {"path": path, "target_path": "/sub"}),
        "extract into": post("/extract", lambda path: {"path": "/pack.zip", "target_path": path, "overwrite": True}),
        "resumable upload into": post("/uploads", lambda path: named | {"path": path, "overwrite": True}),
    }


def naive_verbs(data: Path) -> dict[str, Verb]:
    """What a hurried author writes: join the path and go. Kept to show that the table sees it."""

    def at(path: str) -> str:
        return os.path.join(data, path.lstrip("/"))

    def tried(work: Callable[[str], object]) -> Verb:
        def verb(path: str) -> tuple[int, str]:
            try:
                return 200, str(work(at(path)))
            except (OSError, ValueError) as error:
                return 404, type(error).__name__

        return verb

    def read(path: str) -> str:
        with open(path) as file:
            return file.read()

    def write(path: str) -> None:
        with open(path, "w") as file:
            file.write("changed")

    return {
        "list": tried(os.listdir),
        "read": tried(read),
        "write": tried(write),
        "delete": tried(os.unlink),
        "mkdir in": tried(lambda path: os.mkdir(f"{path}/made")),
        "create in": tried(lambda path: write(f"{path}/new")),
    }


def wrong(  # noqa: PLR0911 - one line a reason
    verb: str, shape: Shape, answer: tuple[int, str], *, unchanged: bool
) -> str:
    """Say what is wrong with an outcome; "" when nothing is."""
    status, text = answer
    if not unchanged:
        return "something outside was changed"
    if shape.path != "hard" and CANARY in text:
        return "the canary was read"
    if status >= 500:
        return f"it failed with {status}"
    is_empty = verb == "list" and status == 200 and '"items":[]' in text
    if shape.kind in {"form", "through"} and status < 400 and not is_empty:
        return f"it answered {status}"
    if shape.kind == "form" and status != 400:
        return f"it answered {status}, not 400"
    if shape.kind == "link" and verb not in ACTS_ON_THE_LINK and status < 400:
        return f"it answered {status}"
    if shape.kind == "link" and verb in ACTS_ON_THE_LINK and status != 200:
        return f"it answered {status}, though it acts on the link"
    return ""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, httpx.Client]]:
    with running_panel(tmp_path_factory.mktemp("escape")) as panel, panel.client() as client:
        build(panel.servers)
        yield panel.servers, client


@pytest.mark.parametrize("shape", SHAPES)
def test_no_verb_leads_out(servers: tuple[Path, httpx.Client], shape: str) -> None:
    folder, client = servers
    broken = {}
    for name, verb in http_verbs(client).items():
        build(folder)
        before = outside(folder)
        answer = verb(SHAPES[shape].path)
        if said := wrong(name, SHAPES[shape], answer, unchanged=outside(folder) == before):
            broken[name] = f"{said}: {answer[1][:200]}"
    assert broken == {}


LINKED = {
    "data to a folder outside": ("a/data", "../../elsewhere"),
    "data to the whole machine": ("a/data", "/"),
    "data to another server": ("a/data", "../ab/data"),
    "data into its own server": ("a/data", "."),
    "the server to a folder outside": ("a", "../moved"),
    "the server to another one": ("a", "ab"),
}


def contents(folder: Path) -> dict[str, bytes]:
    """What lies in a folder; of the whole machine only what nobody else changes."""
    if folder == Path("/") or os.path.realpath(folder) == "/":
        return {"/etc/passwd": Path("/etc/passwd").read_bytes()}
    return {str(one): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


@pytest.mark.parametrize("layout", LINKED)
def test_no_verb_goes_through_a_linked_folder(tmp_path: Path, layout: str) -> None:
    """Whoever made the link, a restore or a person: ``data`` and the server's folder are never reached through one."""
    name, target = LINKED[layout]
    with running_panel(tmp_path) as panel, panel.client() as client:
        data = build(panel.servers)
        (data / "canary").write_text(CANARY)
        real = (panel.servers / name).parent / target
        if not real.exists():
            (panel.servers / name).rename(real)
        else:
            (panel.servers / name).rename(tmp_path / "put-aside")
        (panel.servers / name).symlink_to(target)
        before = (outside(panel.servers), contents(real))
        broken = {}
        for verb, act in http_verbs(client).items():
            for path in ("", "canary", "etc/passwd", "sub/file"):
                status, text = act(path)
                if status not in {400, 404, 409} or CANARY in text or "root:" in text:
                    broken[verb, path] = (status, text[:100])
        for route in ("properties", "compose", "snapshots/ignore") if name == "a" else ("properties",):
            status, text = client.get(f"/servers/a/{route}").status_code, client.get(f"/servers/a/{route}").text
            if status < 400:
                broken[route, ""] = (status, text[:100])
        shown = {one["id"]: one["problem"] for one in client.get("/servers").json()}

    assert broken == {}
    assert (outside(panel.servers), contents(real)) == before
    if name == "a":
        assert "is a link" in shown["a"]


def test_the_table_catches_the_naive_way(tmp_path: Path) -> None:
    caught: set[str] = set()
    for name, shape in SHAPES.items():
        for verb in naive_verbs(build(tmp_path)):
            if shape.path.startswith(("to-etc", "//", "/etc")) and verb not in {"list", "read"}:
                continue  # it would really do it
            data = build(tmp_path)
            before = outside(tmp_path)
            answer = naive_verbs(data)[verb](shape.path)
            if wrong(verb, shape, answer, unchanged=outside(tmp_path) == before):
                caught.add(name)
                for one in ("made", "new"):
                    for where in (tmp_path, tmp_path / "a", tmp_path / "ab" / "data"):
                        path = where / one
                        path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
                (tmp_path / "a" / "canary").write_text(CANARY)
    assert caught >= {
        "parent", "parent of a name", "parent in the middle", "parent of the servers", "link to a file",
        "link to a directory", "link and slash", "sibling server", "/etc", "two links", "link in the middle",
    }


def test_a_recursive_deletion_takes_the_link_and_leaves_its_target(servers: tuple[Path, httpx.Client]) -> None:
    folder, client = servers
    data = build(folder)
    before = outside(folder)

    for path in ("/sub", "/to-sibling", "/to-etc"):
        assert client.delete("/servers/a/files", params={"path": path}).status_code == 200

    assert outside(folder) == before
    assert not (data / "sub").exists()
    assert not os.path.lexists(data / "to-sibling")


@pytest.mark.parametrize("name", ["../canary", "..\\canary", "/etc/canary", "..", ".", "a\0b", "sub/x"])
def test_the_name_of_an_upload_leads_nowhere(servers: tuple[Path, httpx.Client], name: str) -> None:
    folder, client = servers
    build(folder)
    before = outside(folder)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="' + name.encode()
    body = head + b'"\r\n\r\nchanged\r\n--x--\r\n'

    answer = client.post(
        "/servers/a/files/upload", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )

    assert answer.status_code == 400, answer.text
    assert outside(folder) == before


def test_what_was_uploaded_is_never_shown_by_a_browser(servers: tuple[Path, httpx.Client]) -> None:
    folder, client = servers
    (build(folder) / "page.html").write_text("<script>alert(1)</script>")

    answer = client.get("/servers/a/files/download", params={"path": "/page.html"})

    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
