import os
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client


@pytest.fixture
def page_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A built page; a secret lies beside its folder."""
    folder = tmp_path / "page"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>Panel</title>")
    (folder / "compose-spec.json").write_text("{}")
    (folder / "assets" / "app-1a2b.js").write_text("console.log('ü')")
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.setattr(settings, "MC_ADMIN", settings.MC_ADMIN.model_copy(update={"page_dir": folder}))
    return folder


@pytest.mark.usefixtures("page_dir")
class TestWithAPage:
    @pytest.mark.parametrize("path", ["/", "/login", "/server/lobby/console", "/server/my.server/files"])
    def test_its_own_addresses_get_the_index(self, client: Client, path: str) -> None:
        answer = client.get(path)
        assert answer.status_code == 200
        assert b"<title>Panel</title>" in answer.content
        assert answer["Cache-Control"] == "no-cache"

    def test_files_come_with_their_type_and_may_be_kept(self, client: Client) -> None:
        script = client.get("/assets/app-1a2b.js")
        assert script["Content-Type"] == "text/javascript; charset=utf-8"
        assert "immutable" in script["Cache-Control"]
        assert client.get("/compose-spec.json").json() == {}

    def test_an_unchanged_file_is_not_sent_again(self, client: Client) -> None:
        etag = client.get("/compose-spec.json")["ETag"]
        assert client.get("/compose-spec.json", headers={"If-None-Match": etag}).status_code == 304

    def test_a_missing_script_is_404_and_no_index(self, client: Client) -> None:
        assert client.get("/assets/gone.js").status_code == 404

    def test_only_reading_is_possible(self, client: Client) -> None:
        assert client.post("/login").status_code == 405

    @pytest.mark.parametrize("path", ["/../secret.txt", "/assets/%2e%2e/%2e%2e/secret.txt", "/..%5csecret.txt"])
    def test_nothing_beside_the_folder_is_served(self, client: Client, path: str) -> None:
        assert b"secret" not in client.get(path).content

    def test_a_link_that_leads_out_is_not_followed(self, client: Client, page_dir: Path) -> None:
        os.symlink("../secret.txt", page_dir / "out.txt")
        assert client.get("/out.txt").status_code == 404

    def test_unknown_api_addresses_stay_json(self, client: Client) -> None:
        answer = client.get("/api/nothing")
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize("path", ["/api/nothing", "/nothing"])
def test_changes_at_unknown_addresses_are_404_and_ask_for_no_csrf_token(path: str) -> None:
    assert Client(enforce_csrf_checks=True).post(path).status_code == 404
