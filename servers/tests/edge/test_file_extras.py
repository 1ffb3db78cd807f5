"""Extraction, search, tail, resumable uploads and server.properties over HTTP."""

import hashlib
import io
import os
import zipfile
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from servers.api.files import search
from servers.models import Upload
from servers.records import uploads
from servers.tests.edge.test_secret_files import client_of
from web.rate_limit import FairTurns

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = os.urandom(3000)


def test_an_archive_is_extracted_beside_itself(owner: APIClient, files: str, data: Path) -> None:
    with zipfile.ZipFile(data / "world" / "pack.zip", "w") as archive:
        archive.writestr("sub/file", b"content")

    answer = owner.post(f"{files}/extract", {"path": "/world/pack.zip"}, format="json")

    assert answer.status_code == 200, answer.json()
    assert (data / "world" / "sub" / "file").read_bytes() == b"content"


def test_a_bad_archive_changes_nothing(owner: APIClient, files: str, data: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../canary", b"changed")
    (data / "slip.zip").write_bytes(buffer.getvalue())
    before = sorted(os.listdir(data))

    answer = owner.post(f"{files}/extract", {"path": "/slip.zip", "target_path": "/"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "outside_root")
    assert sorted(os.listdir(data)) == before


def test_search_answers_what_and_where(owner: APIClient, files: str) -> None:
    found = owner.get(f"{files}/search", {"name": "*.txt", "content": "HELLO"}).json()

    assert [(hit["path"], hit["line"], hit["text"]) for hit in found["results"]] == [("/motd.txt", 1, "hello")]
    assert owner.get(f"{files}/search").status_code == 400
    assert owner.get(f"{files}/search?name=x&limit=0").status_code == 400
    assert owner.get(f"{files}/search?name=x&path=../..").status_code == 400


def test_searches_wait_for_a_place_and_are_told_where_there_is_none(
    owner: APIClient, files: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_turns", turns := FairTurns(1))
    monkeypatch.setattr(search, "WAIT_S", 0.05)
    with turns.turn("somebody", wait_s=0):
        refused = owner.get(f"{files}/search?name=motd")
    found = owner.get(f"{files}/search?name=motd")
    broken = owner.get(f"{files}/search?content=(&regex=1")

    assert (refused.status_code, refused.json()["code"]) == (503, "too_many_searches")
    assert (found.status_code, broken.status_code) == (200, 400)
    with turns.turn("somebody", wait_s=0) as has_turn:
        assert has_turn, "each search gives its turn back"


def test_one_user_does_not_take_all_searches(
    owner: APIClient, files: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_turns", turns := FairTurns(2))
    monkeypatch.setattr(search, "WAIT_S", 0.05)
    reader = client_of("files.read", server=server)
    with turns.turn(User.objects.get(username="u-1").pk, wait_s=0):
        found = [client.get(f"{files}/search?name=motd").status_code for client in (reader, owner)]

    assert found == [503, 200]


def test_tail(owner: APIClient, files: str) -> None:
    assert owner.get(f"{files}/tail?path=motd.txt&lines=1").json() == {"content": "hello\n", "size": 6, "cut": False}
    assert owner.get(f"{files}/tail?path=world").status_code == 400
    assert owner.get(f"{files}/tail?path=nothing").status_code == 404


def begin(owner: APIClient, files: str, **more: object) -> str:
    body = {"path": "/world", "name": "big.bin", "size": len(CONTENT)} | more
    answer = owner.post(f"{files}/uploads", body, format="json")
    assert answer.status_code == 201, answer.json()
    where: str = answer.headers["Location"]
    return where


def send(owner: APIClient, where: str, offset: int, content: bytes) -> int:
    sent = owner.generic("PATCH", f"{where}?offset={offset}", content, content_type="application/octet-stream")  # type: ignore[arg-type]
    return int(sent.status_code)


def test_an_upload_in_pieces_ends_with_the_right_content(owner: APIClient, files: str, data: Path) -> None:
    where = begin(owner, files, sha256=hashlib.sha256(CONTENT).hexdigest())

    assert send(owner, where, 0, CONTENT[:1000]) == 200
    assert send(owner, where, 0, CONTENT[:1000]) == 409
    assert owner.get(where).json()["offset"] == 1000
    assert owner.post(f"{where}/finish", {}, format="json").status_code == 409
    assert send(owner, where, 1000, CONTENT[1000:] + b"x") == 400
    offset = owner.get(where).json()["offset"]
    assert send(owner, where, offset, CONTENT[offset:]) == 200

    done = owner.post(f"{where}/finish", {}, format="json").json()

    assert (done["path"], done["sha256"]) == ("/world/big.bin", hashlib.sha256(CONTENT).hexdigest())
    assert (data / "world" / "big.bin").read_bytes() == CONTENT
    assert sorted(os.listdir(data / "world")) == ["big.bin", "level.dat"]
    assert not Upload.objects.exists()


def test_a_damaged_upload_is_dropped(owner: APIClient, files: str, data: Path) -> None:
    where = begin(owner, files)
    send(owner, where, 0, bytes(len(CONTENT)))

    answer = owner.post(f"{where}/finish", {"sha256": hashlib.sha256(CONTENT).hexdigest()}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_hash")
    assert os.listdir(data / "world") == ["level.dat"]
    assert owner.get(where).status_code == 404


def test_an_upload_can_be_given_up(owner: APIClient, files: str, data: Path) -> None:
    where = begin(owner, files)
    send(owner, where, 0, CONTENT[:10])

    assert [one["offset"] for one in owner.get(f"{files}/uploads").json()["uploads"]] == [10]
    assert owner.delete(where).status_code == 200
    assert os.listdir(data / "world") == ["level.dat"]


def test_an_upload_over_a_file_must_be_wanted(owner: APIClient, files: str, data: Path) -> None:
    body = {"path": "/", "name": "motd.txt", "size": 1}
    assert owner.post(f"{files}/uploads", body, format="json").status_code == 409
    where = begin(owner, files)
    send(owner, where, 0, CONTENT)
    (data / "world" / "big.bin").write_bytes(b"somebody else's")

    assert owner.post(f"{where}/finish", {}, format="json").status_code == 409
    assert owner.post(f"{where}/finish", {"overwrite": True}, format="json").status_code == 200


def test_an_upload_of_another_server_is_not_found(owner: APIClient, files: str, server_path: Path) -> None:
    from servers.tests.conftest import write_server

    where = begin(owner, files)
    write_server(server_path, "other")

    theirs = f"/api/servers/other/files/uploads/{where.rpartition('/')[2]}"
    assert owner.get(theirs).status_code == 404
    assert send(owner, theirs, 0, b"x") == 404
    assert owner.post(f"{theirs}/finish", {}, format="json").status_code == 404
    assert owner.delete(theirs).status_code == 404
    assert owner.get(where).json()["offset"] == 0


def test_a_server_has_only_so_many_unfinished_uploads(owner: APIClient, files: str) -> None:
    for number in range(uploads.MAX_OPEN):
        begin(owner, files, name=f"{number}.bin")

    answer = owner.post(f"{files}/uploads", {"path": "/world", "name": "more", "size": 1}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_uploads")


def test_an_upload_too_large_is_413(owner: APIClient, files: str) -> None:
    body = {"path": "/", "name": "x", "size": 3 * 1024**3}

    assert owner.post(f"{files}/uploads", body, format="json").status_code == 413


def test_properties_are_typed_and_keep_their_comments(owner: APIClient, files: str, data: Path) -> None:
    address = files.replace("/files", "/properties")
    (data / "server.properties").write_bytes(b"#mine\npvp=true\nserver-port=25565\n")

    read = owner.get(address)
    assert read.json()["properties"] == {"pvp": True, "server-port": 25565}

    written = owner.put(address, {"properties": {"pvp": False, "motd": "§aHi"}}, format="json")
    assert written.json()["properties"]["motd"] == "§aHi"
    assert (data / "server.properties").read_bytes() == b"#mine\npvp=false\nserver-port=25565\nmotd=\\u00A7aHi\n"

    wrong = owner.put(address, {"properties": {"server-port": 0}}, format="json")
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["server-port"])
    stale = owner.put(
        address, {"properties": {"pvp": True}}, format="json", headers={"If-Match": read.headers["ETag"]}
    )
    assert stale.status_code == 412


def test_properties_that_are_not_there_yet(owner: APIClient, files: str, data: Path) -> None:
    address = files.replace("/files", "/properties")

    assert owner.get(address).status_code == 404
    assert owner.put(address, {"properties": {"pvp": True}}, format="json").status_code == 200
    assert (data / "server.properties").read_bytes() == b"pvp=true\n"


@pytest.mark.parametrize("number", ["²", "0", "000000000001" + "9" * 5000, "1" * 5000, "-1", "1.0", ""])
def test_a_number_that_is_none_is_400(owner: APIClient, files: str, number: str) -> None:
    for address in (f"{files}/search?name=x&limit=", f"{files}/tail?path=motd.txt&lines="):
        answer = owner.get(address + number)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), address


@pytest.mark.parametrize("offset", ["²", "1" * 5000, "-1", ""])
def test_an_offset_that_is_none_is_400(owner: APIClient, files: str, offset: str) -> None:
    where = f"{begin(owner, files)}?offset={offset}"
    answer = owner.generic("PATCH", where, b"x", content_type="application/octet-stream")  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_the_directory_itself_is_no_file_and_the_sentence_says_so(owner: APIClient, files: str) -> None:
    for path in ("", "/"):
        answer = owner.post(f"{files}/content?path={path}", {"content": ""}, format="json")
        assert (answer.status_code, answer.json()["detail"]) == (400, "The directory is not a regular file.")
