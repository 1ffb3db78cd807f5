import json
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from accounts import tokens
from accounts.models import User, UserRole
from accounts.permissions import IsSignedIn
from audit import recorder
from audit.models import AuditEvent
from audit.tests.conftest import Lines, SetAudit
from mcadmin.urls import urlpatterns as project_urlpatterns
from web.streaming import AsyncView, body_of

pytestmark = pytest.mark.django_db
CANARY = "c4nary-0123"


class Echo(APIView):
    permission_classes = [IsSignedIn]
    parser_classes = [JSONParser, MultiPartParser]

    def get(self, request: Request, id: str) -> Response:
        return Response({})

    def post(self, request: Request, id: str) -> Response:
        return Response({"got": str(request.data)})

    put = patch = delete = post


def streaming(request: HttpRequest) -> HttpResponse:
    return HttpResponse(len(request.read()))


class Taking(AsyncView):
    permission_classes = [IsSignedIn]
    reads_body_itself = True

    async def put(self, request: Request) -> HttpResponse:
        return HttpResponse(sum([len(piece) async for piece in body_of(request)]))


def failing(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a bug")


urlpatterns = [
    path("api/servers/<str:id>/echo", Echo.as_view()),
    path("api/stream", streaming),
    path("api/failing", failing),
    path("api/file", Taking.as_view()),
    *project_urlpatterns,
]


@pytest.fixture(autouse=True)
def routes(settings: LazySettings) -> None:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Csrf" not in name]


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", CANARY)


@pytest.fixture
def client(alice: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(alice)}", HTTP_USER_AGENT="a test")
    return client


def event() -> AuditEvent:
    return AuditEvent.objects.get()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_every_change_is_recorded(client: APIClient, alice: User, lines: Lines, method: str) -> None:
    getattr(client, method)("/api/servers/mc/echo/?x=1&token=abc", {"a": 1}, format="json")

    found = event()
    assert (found.method, found.path) == (method.upper(), "/api/servers/mc/echo/")
    assert (found.status_code, found.success) == (200, True)
    assert (found.user_id, found.username, found.role) == (alice.pk, "alice", "admin")
    assert (found.client_ip, found.user_agent, found.server_id) == ("127.0.0.1", "a test", "mc")
    assert found.query_params == {"x": "1", "token": "***MASKED***"}
    assert (found.path_params, found.request_body) == ({"id": "mc"}, {"a": 1})
    assert found.request_id
    assert found.processing_time_ms is not None
    [line] = lines()
    assert line["server_id"] == "mc"


def test_the_view_still_gets_the_body(client: APIClient) -> None:
    assert client.post("/api/servers/mc/echo", {"a": 1}, format="json").json() == {"got": "{'a': 1}"}


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/nothing", 404), ("/api/auth/token", 415), ("/nothing", 404), ("/api/servers/x/echo", 401)],
)
def test_refused_changes_are_recorded(path: str, status: int) -> None:
    APIClient().post(path, {}, format="json")

    found = event()
    assert (found.status_code, found.success, found.username, found.role) == (status, False, "anonymous", "anonymous")


def test_a_bug_is_recorded() -> None:
    client = APIClient(raise_request_exception=False)
    client.post("/api/failing", {}, format="json")

    assert (event().status_code, event().success) == (500, False)


@pytest.mark.parametrize("form", ["multipart", "urlencoded"])
def test_a_failed_login_tells_the_name_and_no_password(lines: Lines, form: str) -> None:
    fields = {"username": "alice", "password": CANARY}
    if form == "multipart":
        APIClient().post("/api/auth/token", fields, format="multipart")
    else:
        body = f"username=alice&password={CANARY}"
        APIClient().post("/api/auth/token", body, content_type="application/x-www-form-urlencoded")

    assert event().request_body == {"username": "alice", "password": "***MASKED***"}
    assert event().status_code == 401
    assert CANARY not in json.dumps(lines())


def test_files_are_told_by_name_and_size(client: APIClient) -> None:
    file = SimpleUploadedFile("world.zip", CANARY.encode())
    client.post("/api/servers/mc/echo", {"file": file, "note": "x"}, format="multipart")

    told = {"note": "x", "files": [{"field": "file", "name": "world.zip", "size": len(CANARY)}]}
    assert event().request_body == told


def test_a_body_that_the_view_streams_is_left_to_it() -> None:
    answer = APIClient().post("/api/stream", b"x" * 100, content_type="multipart/form-data; boundary=b")

    assert answer.content == b"100"
    assert event().request_body == {"type": "multipart/form-data", "size": 100}


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_a_file_is_no_request_whatever_type_it_claims(client: APIClient, kind: str) -> None:
    raw = b'{"motd": "c4nary"}'
    assert client.put("/api/file", raw, content_type=kind).content == b"18"

    assert event().request_body == {"type": kind, "size": 18}
    assert event().username == "alice"


@pytest.mark.parametrize("kind", ["application/json", "application/octet-stream"])
def test_a_large_or_strange_body_is_type_and_size(client: APIClient, kind: str) -> None:
    raw = json.dumps({"password": CANARY, "fill": "x" * 20_000}).encode()
    client.post("/api/servers/mc/echo", raw, content_type=kind)

    assert event().request_body == {"type": kind, "size": len(raw)}


@pytest.mark.parametrize(
    "raw", [b"[" * 2000, b'{"a": "\\u0000\\ud800"}', b'{"n": NaN}', b'{"n": 1e999}', b"\xff", b'{"password": "c4nary']
)
def test_a_malformed_body_never_loses_the_event(client: APIClient, raw: bytes) -> None:
    client.raise_request_exception = False
    client.post("/api/servers/mc/echo", raw, content_type="application/json")

    assert AuditEvent.objects.count() == 1
    assert "c4nary" not in str(event().request_body)


def test_bodies_can_be_left_out(client: APIClient, set_audit: SetAudit) -> None:
    set_audit(log_request_body=False)
    client.post("/api/servers/mc/echo", {"a": 1}, format="json")

    assert event().request_body is None


def test_a_forwarded_address_counts_from_trusted_proxies_only(client: APIClient, settings: LazySettings) -> None:
    client.post("/api/servers/mc/echo", HTTP_X_FORWARDED_FOR="6.6.6.6")
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"trusted_proxies": ["127.0.0.1"]})
    client.post("/api/servers/mc/echo", HTTP_X_FORWARDED_FOR="6.6.6.6")

    assert list(AuditEvent.objects.order_by("id").values_list("client_ip", flat=True)) == ["127.0.0.1", "6.6.6.6"]


def test_reads_are_recorded_for_the_master_token_only(client: APIClient, settings: LazySettings) -> None:
    client.get("/api/servers/mc/echo")
    APIClient().get("/api/servers/mc/echo")
    assert not AuditEvent.objects.exists()

    client.credentials(HTTP_AUTHORIZATION=f"Bearer {settings.MC_ADMIN.master_token}")
    client.get("/api/servers/a/echo")
    client.get("/api/servers/b/echo")
    recorder.flush()

    assert (event().username, event().user_id, event().method) == ("SYSTEM", 0, "GET")
    assert event().count in {1, 2}  # 1 when the minute turned over in between
    assert sum(AuditEvent.objects.values_list("count", flat=True)) == 2


def test_changes_with_the_master_token_are_recorded_one_by_one(client: APIClient, settings: LazySettings) -> None:
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {settings.MC_ADMIN.master_token}")
    client.post("/api/servers/mc/echo")
    client.post("/api/servers/mc/echo")

    assert list(AuditEvent.objects.values_list("username", flat=True)) == ["SYSTEM", "SYSTEM"]


def test_the_admin_site_is_recorded_with_its_user() -> None:
    User.objects.create_user("olga", CANARY, UserRole.OWNER)
    site = Client()
    site.post("/admin/login/", {"username": "olga", "password": CANARY})
    site.post("/admin/logout/")

    names = list(AuditEvent.objects.order_by("id").values_list("path", "username"))
    assert names == [("/admin/login/", "olga"), ("/admin/logout/", "olga")]
    assert not AuditEvent.objects.filter(request_body__password=CANARY).exists()


def test_a_session_cookie_makes_nobody_known_to_the_api() -> None:
    site = Client()
    site.force_login(User.objects.create_user("olga", CANARY, UserRole.OWNER))
    site.post("/api/nothing")

    assert event().username == "anonymous"


@pytest.mark.parametrize("page", ["", "1/change/", "add/", "1/delete/"])
def test_the_admin_site_shows_events_and_changes_none(client: APIClient, page: str) -> None:
    client.post("/api/servers/mc/echo")
    site = Client()
    site.force_login(User.objects.create_user("olga", CANARY, UserRole.OWNER))
    url: Any = f"/admin/audit/auditevent/{page.replace('1', str(event().pk))}"

    assert site.get(url).status_code == (200 if page in {"", "1/change/"} else 403)


def test_the_admin_site_takes_no_change_of_an_event(client: APIClient) -> None:
    client.post("/api/servers/mc/echo")
    site = Client()
    site.force_login(User.objects.create_user("olga", CANARY, UserRole.OWNER))

    assert site.post(f"/admin/audit/auditevent/{event().pk}/change/", {"username": "x"}).status_code == 403
