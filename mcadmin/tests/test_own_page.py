import gzip
import os
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

STRICT = "require-trusted-types-for 'script'; trusted-types 'none'"
SCRIPT = "console.log('ü')"


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build of our page; a secret lies beside its folder."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>Ours</title>")
    (folder / "assets" / "app-1a2b.js").write_text(SCRIPT)
    (folder / "assets" / "app-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (folder / "assets" / "app-1a2b.js.br").write_bytes(b"as brotli")
    (folder / "assets" / "only-3c4d.css").write_text("a{}")
    (folder / ".built-from").write_text("a hash")
    (tmp_path / "secret.js").write_text("secret")
    monkeypatch.setattr(settings, "PAGE_DIST", folder)
    return folder


@pytest.mark.usefixtures("dist")
class TestBuilt:
    @pytest.mark.parametrize("path", ["/", "/setup", "/sign-in", "/servers/lobby", "/servers/my.srv", "/me"])
    def test_its_addresses_get_the_index_which_is_asked_for_again(self, client: Client, path: str) -> None:
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.content == b"<title>Ours</title>"
        assert answer["Cache-Control"] == "no-cache"
        assert client.get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 304

    @pytest.mark.parametrize("path", ["/", "/assets/app-1a2b.js", "/servers/lobby"])
    def test_all_of_it_comes_under_the_strict_policy(self, client: Client, path: str) -> None:
        answer = client.get(path)
        policy = answer["Content-Security-Policy"]
        assert STRICT in policy
        assert "unsafe" not in policy
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        unchanged = client.get(path, headers={"If-None-Match": answer["ETag"]})
        assert unchanged["Content-Security-Policy"] == policy

    @pytest.mark.parametrize("path", ["/api/docs/", "/invite", "/admin/login/"])
    def test_other_pages_keep_their_policy(self, client: Client, path: str) -> None:
        assert STRICT not in client.get(path).headers.get("Content-Security-Policy", "")

    @pytest.mark.parametrize(
        ("accepted", "encoding"),
        [
            ("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0.5", "gzip"), ("GZIP", "gzip"),
            ("", None), ("identity", None), ("gzip;q=0.000", None), ("brotli", None),
        ],
    )
    def test_what_was_compressed_is_sent_as_the_browser_takes_it(
        self, client: Client, accepted: str, encoding: str | None,
    ) -> None:
        answer = client.get("/assets/app-1a2b.js", headers={"Accept-Encoding": accepted})
        assert answer.headers.get("Content-Encoding") == encoding
        assert answer["Vary"] == "Accept-Encoding"
        assert answer["Content-Type"] == "text/javascript; charset=utf-8"
        assert "immutable" in answer["Cache-Control"]
        read = {"br": b"as brotli", "gzip": gzip.compress(SCRIPT.encode()), None: SCRIPT.encode()}[encoding]
        assert answer.content[10:] == read[10:]  # the head of a gzip holds a time

    def test_each_encoding_has_a_tag_of_its_own(self, client: Client) -> None:
        answers = [client.get("/assets/app-1a2b.js", headers={"Accept-Encoding": one}) for one in ("br", "gzip", "")]
        assert len({one["ETag"] for one in answers}) == 3

    def test_what_has_no_compressed_form_is_sent_as_it_is(self, client: Client) -> None:
        answer = client.get("/assets/only-3c4d.css", headers={"Accept-Encoding": "br, gzip"})
        assert "Content-Encoding" not in answer
        assert answer.content == b"a{}"

    @pytest.mark.parametrize(
        "path",
        [
            "/assets/gone-1.js", "/favicon.ico", "/assets/app-1a2b.js.br", "/.built-from", "/../secret.js",
            "/assets/%2e%2e/%2e%2e/secret.js", "/..%5csecret.js", "/api/nothing", "/assets/app.js%00",
        ],
    )
    def test_no_other_file_is_there(self, client: Client, path: str) -> None:
        answer = client.get(path)
        assert answer.status_code == 404
        assert b"secret" not in answer.content

    def test_a_link_that_leads_out_is_not_followed(self, client: Client, dist: Path) -> None:
        os.symlink("../secret.js", dist / "out.js")
        assert client.get("/out.js").status_code == 404

    def test_only_reading_is_possible(self, client: Client) -> None:
        assert client.post("/me").status_code == 405

    def test_a_page_of_the_settings_goes_before_it(
        self, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        other = tmp_path / "other"
        other.mkdir()
        (other / "index.html").write_text("<title>Theirs</title>")
        monkeypatch.setattr(settings, "MC_ADMIN", settings.MC_ADMIN.model_copy(update={"page_dir": other}))
        answer = client.get("/")
        assert answer.content == b"<title>Theirs</title>"
        assert "Content-Security-Policy" not in answer, "the mild one is added to what has none"


class TestNotBuilt:
    def test_the_root_says_how_to_build_it(self, client: Client) -> None:
        answer = client.get("/")
        assert answer.status_code == 200
        assert b"make page" in answer.content
        assert b"/admin/" in answer.content

    def test_nothing_else_is_there_but_the_first_owner(self, client: Client) -> None:
        assert client.get("/sign-in").status_code == 404
        assert b"first owner" in client.get("/setup").content

    def test_a_build_counts_at_once(self, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings, "PAGE_DIST", tmp_path)
        assert b"make page" in client.get("/").content
        (tmp_path / "index.html").write_text("<title>Ours</title>")
        assert b"Ours" in client.get("/").content
