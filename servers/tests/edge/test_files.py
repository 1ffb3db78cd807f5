"""Files over HTTP, in this process; what needs a real client and a real server is in ``real/test_files_*``."""

import base64
import os
from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from servers.minecraft.files import changes
from servers.models import Operation
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_listing_has_what_the_page_needs(owner: APIClient, files: str, data: Path) -> None:
    answer = owner.get(f"{files}/?path=/").json()

    items = {item["name"]: item for item in answer["items"]}
    assert answer["current_path"] == "/"
    assert items["world"] | {"modified_at": 0} == {
        "name": "world", "type": "directory", "size": 0, "modified_at": 0, "path": "/world", "link": False,
        "raw_path": None, "problem": None,
    }
    assert (items["link.txt"]["size"], items["link.txt"]["link"]) == (6, True)
    assert items["motd.txt"]["modified_at"] == (data / "motd.txt").stat().st_mtime


@pytest.mark.parametrize("path", ["/nothing", "/motd.txt", "/world/level.dat/x"])
def test_a_listing_of_what_is_no_directory_is_empty(owner: APIClient, files: str, path: str) -> None:
    assert owner.get(files, {"path": path}).json() == {
        "items": [], "current_path": path, "total": 0, "truncated": False, "next": None,
    }


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_a_large_directory_comes_in_parts(owner: APIClient, files: str, data: Path, limit: int) -> None:
    names = [b"a", b"B", b"b\\c", b"caf\xc3\xa9", b"\xff-not-utf8", b"new\nline", b"+ &"]
    (data / "many").mkdir()
    for name in names:
        (data / "many" / os.fsdecode(name)).touch()
    seen: list[str] = []
    query: dict[str, str] = {"path": "/many", "limit": str(limit)}
    parts = 0
    while True:
        part = owner.get(files, query).json()
        parts += 1
        assert (part["total"], len(part["items"]) <= limit) == (len(names), True)
        assert part["truncated"] is (part["next"] is not None)
        seen += [item["raw_path"] or base64.b64encode(item["path"][1:].encode()).decode() for item in part["items"]]
        if part["next"] is None:
            break
        query["after"] = part["next"]

    assert sorted(base64.b64decode(one).removeprefix(b"many/") for one in seen) == sorted(names)
    assert parts == -(-len(names) // limit)


def test_a_listing_goes_on_where_it_was_whatever_has_gone(owner: APIClient, files: str, data: Path) -> None:
    (data / "many").mkdir()
    for name in "abcd":
        (data / "many" / name).touch()
    first = owner.get(files, {"path": "/many", "limit": "2"}).json()
    (data / "many" / "b").unlink()
    (data / "many" / "aa").touch()
    second = owner.get(files, {"path": "/many", "limit": "2", "after": first["next"]}).json()

    assert [item["name"] for item in first["items"] + second["items"]] == ["a", "b", "c", "d"]
    assert second["next"] is None


@pytest.mark.parametrize(
    "query",
    [{"limit": one} for one in ("0", "-1", "x", "1e3", "25001", "9" * 5000, "\u0661\u0662", "")]
    + [{"after": one} for one in ("!", "a", "\u00e9", "YQ=", "a b")],
)
def test_odd_parameters_of_a_listing_are_400(owner: APIClient, files: str, query: dict[str, str]) -> None:
    assert owner.get(files, {"path": "/"} | query).status_code == 400


def test_a_name_that_no_file_has_is_a_place_to_go_on_from(owner: APIClient, files: str) -> None:
    for name in (b"\0", b"..", b"../../etc", b"\xff" * 4000):
        answer = owner.get(files, {"path": "/", "after": base64.urlsafe_b64encode(name).decode()})
        assert answer.status_code == 200


def test_files_of_an_unknown_server_are_404(owner: APIClient, fake: FakeDocker) -> None:
    answer = owner.get("/api/servers/ghost/files")

    assert (answer.status_code, "not found" in answer.json()["detail"]) == (404, True)


def test_reading_and_writing_keep_what_an_editor_does_not_show(owner: APIClient, files: str, data: Path) -> None:
    (data / "win.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo")
    (data / "win.txt").chmod(0o640)

    read = owner.get(f"{files}/content", {"path": "/win.txt"})
    saved = owner.post(f"{files}/content?path=/win.txt", {"content": "one\nzwei\n"}, format="json")

    assert read.json()["content"] == "one\r\ntwo"
    assert read.headers["ETag"] == read.json()["etag"] != saved.json()["etag"]
    assert (data / "win.txt").read_bytes() == b"\xef\xbb\xbfone\r\nzwei\r\n"
    assert (data / "win.txt").stat().st_mode & 0o777 == 0o640


def test_a_text_can_be_written_exactly(owner: APIClient, files: str, data: Path) -> None:
    (data / "win.txt").write_bytes(b"\xef\xbb\xbfone\r\n")

    owner.post(f"{files}/content?path=win.txt", {"content": "one\n", "exact": True}, format="json")

    assert (data / "win.txt").read_bytes() == b"one\n"


def test_what_is_no_text_is_415(owner: APIClient, files: str, data: Path) -> None:
    (data / "latin").write_bytes(b"caf\xe9")

    for path in ("/world/level.dat", "/latin"):
        assert owner.get(f"{files}/content", {"path": path}).status_code == 415


def test_a_large_text_is_413(owner: APIClient, files: str, data: Path) -> None:
    (data / "big").write_bytes(b"x" * (5 * 1024 * 1024 + 1))

    assert owner.get(f"{files}/content?path=big").status_code == 413
    answer = owner.post(f"{files}/content?path=motd.txt", {"content": "x" * (5 * 1024 * 1024 + 1)}, format="json")
    assert (answer.status_code, (data / "motd.txt").read_bytes()) == (413, b"hello\n")


def test_writing_never_creates(owner: APIClient, files: str, data: Path) -> None:
    assert owner.post(f"{files}/content?path=new", {"content": ""}, format="json").status_code == 404
    assert owner.post(f"{files}/content?path=world", {"content": ""}, format="json").status_code == 400
    assert not (data / "new").exists()


def test_if_match_refuses_a_version_that_is_gone(owner: APIClient, files: str, data: Path) -> None:
    seen = owner.get(f"{files}/content?path=motd.txt").json()["etag"]
    (data / "motd.txt").write_bytes(b"from elsewhere")

    refused = owner.post(
        f"{files}/content?path=motd.txt", {"content": "mine"}, format="json", headers={"If-Match": seen}
    )

    assert (refused.status_code, (data / "motd.txt").read_bytes()) == (412, b"from elsewhere")


def test_the_audit_never_keeps_the_text(owner: APIClient, files: str) -> None:
    owner.post(f"{files}/content?path=motd.txt", {"content": "a canary in a file"}, format="json")

    from audit import recorder

    recorder.flush()
    event = apps.get_model("audit", "AuditEvent").objects.get(path__endswith="/files/content")
    assert "canary" not in str(event.request_body)


def test_create_makes_parents_and_never_replaces(owner: APIClient, files: str, data: Path) -> None:
    made = owner.post(f"{files}/create", {"name": "a", "type": "file", "path": "/new/dir"}, format="json")
    again = owner.post(f"{files}/create", {"name": "a", "type": "directory", "path": "/new/dir"}, format="json")

    assert (made.status_code, made.json()["path"], again.status_code) == (200, "/new/dir/a", 409)
    assert (data / "new" / "dir" / "a").read_bytes() == b""


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "x" * 256])
def test_names_that_no_file_gets(owner: APIClient, files: str, data: Path, name: str) -> None:
    before = sorted(os.listdir(data))

    created = owner.post(f"{files}/create", {"name": name, "type": "file", "path": "/"}, format="json")
    renamed = owner.post(f"{files}/rename", {"old_path": "/motd.txt", "new_name": name}, format="json")

    assert (created.status_code, renamed.status_code, sorted(os.listdir(data))) == (400, 400, before)


def test_rename_and_move_act_on_the_link(owner: APIClient, files: str, data: Path) -> None:
    owner.post(f"{files}/rename", {"old_path": "/link.txt", "new_name": "l"}, format="json")
    moved = owner.post(f"{files}/move", {"path": "/l", "target_path": "/world/l"}, format="json")

    assert moved.status_code == 200
    assert (data / "world" / "l").is_symlink()
    taken = owner.post(f"{files}/rename", {"old_path": "/world", "new_name": "motd.txt"}, format="json")
    assert taken.status_code == 409


def test_a_copy_is_a_copy(owner: APIClient, files: str, data: Path) -> None:
    answer = owner.post(f"{files}/copy", {"path": "/world", "target_path": "/world2"}, format="json")

    assert (answer.status_code, (data / "world2" / "level.dat").read_bytes()) == (200, b"\x1f\x8b\xff\0")
    taken = owner.post(f"{files}/copy", {"path": "/motd.txt", "target_path": "/world2"}, format="json")
    assert taken.status_code == 409


def test_delete_takes_a_directory_and_never_the_root(owner: APIClient, files: str, data: Path) -> None:
    assert owner.delete(f"{files}?path=/world").status_code == 200
    assert owner.delete(f"{files}?path=/world").status_code == 404
    assert owner.delete(f"{files}?path=/").status_code == 400
    assert owner.delete(files).status_code == 400
    assert sorted(os.listdir(data)) == ["link.txt", "motd.txt"]


def test_a_large_deletion_is_an_operation(
    owner: APIClient, files: str, data: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "LARGE_ENTRIES", 10)
    (data / "many").mkdir()
    for number in range(20):
        (data / "many" / str(number)).touch()

    answer = owner.delete(f"{files}?path=/many").json()

    assert (answer["operation"]["kind"], answer["operation"]["state"]) == ("delete_files", "succeeded")
    assert answer["operation"]["result"] == {"deleted": 21}
    assert Operation.objects.get().server_id == server
    assert not (data / "many").exists()


def test_a_client_may_choose_not_to_wait(owner: APIClient, files: str) -> None:
    answer = owner.delete(f"{files}?path=/world", headers={"Prefer": "respond-async"})

    assert (answer.status_code, "/api/operations/" in answer.headers["Location"]) == (202, True)


def test_names_that_are_not_utf8_have_a_raw_path(owner: APIClient, files: str, data: Path) -> None:
    (data / os.fsdecode(b"caf\xe9")).write_bytes(b"raw")

    item = next(one for one in owner.get(files).json()["items"] if one["raw_path"])

    assert item["name"] == "caf\ufffd"
    assert base64.b64decode(item["raw_path"]) == b"caf\xe9"
    assert owner.get(f"{files}/content", {"raw_path": item["raw_path"]}).json()["content"] == "raw"
    renamed = owner.post(f"{files}/rename", {"old_raw_path": item["raw_path"], "new_name": "café"}, format="json")
    assert (renamed.status_code, (data / "café").read_bytes()) == (200, b"raw")


def test_an_upload_lands_in_its_directory(owner: APIClient, files: str, data: Path) -> None:
    def upload(flags: str = "") -> int:
        part = SimpleUploadedFile("new.bin", b"content")
        status: int = owner.post(f"{files}/upload?path=/up{flags}", {"file": part}, format="multipart").status_code
        return status

    assert (upload(), upload(), upload("&overwrite=true")) == (200, 409, 200)
    assert (data / "up" / "new.bin").read_bytes() == b"content"
    assert os.listdir(data / "up") == ["new.bin"]


@pytest.mark.parametrize("target", ["motd.txt", "nowhere", "/etc/hostname"])
def test_an_upload_never_takes_the_place_of_a_link(owner: APIClient, files: str, data: Path, target: str) -> None:
    (data / "taken").symlink_to(target)
    part = SimpleUploadedFile("taken", b"new")

    answer = owner.post(f"{files}/upload?path=/&overwrite=true", {"file": part}, format="multipart")

    assert (answer.status_code, answer.json()["code"]) == (400, "outside_root")
    assert os.readlink(data / "taken") == target


def test_an_upload_to_a_file_or_without_a_file_is_400(owner: APIClient, files: str) -> None:
    part = SimpleUploadedFile("a", b"")

    assert owner.post(f"{files}/upload?path=/motd.txt", {"file": part}, format="multipart").status_code == 400
    assert owner.post(f"{files}/upload?path=/", {"other": "x"}, format="multipart").status_code == 400
    assert owner.post(f"{files}/upload?path=/", {"file": "x"}, format="json").status_code == 400


def test_an_upload_beyond_the_limit_is_413(
    owner: APIClient, files: str, data: Path, settings: pytest.FixtureRequest
) -> None:
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"max_upload_size_bytes": 1000})  # type: ignore[attr-defined]
    part = SimpleUploadedFile("a", b"x" * 1001)

    answer = owner.post(f"{files}/upload?path=/", {"file": part}, format="multipart")

    assert (answer.status_code, "1,000" in answer.json()["detail"], (data / "a").exists()) == (413, True, False)
