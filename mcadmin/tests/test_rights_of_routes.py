"""Tables S7 and S8: every route of the API, read from the routing, against ids and tokens that do not fit.

A new route is in these tables the day it is written. A failure here says what its author has to do.
"""

import base64
import json
import re
import time
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.urls import get_resolver
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import User, UserRole
from testing.routes import MALFORMED, Route, api_routes, short

# What strangers may see. A route that lets them in by mistake fails here; add one only when that is meant.
PUBLIC = {
    "/api/auth/token", "/api/auth/session", "/api/auth/setup", "/api/schema", "/api/docs", "/api/redoc",
    "/api/healthz", "/api/invitations/{token}",
}
# Public for who knows another secret than a token of ours, or open by its own setting.
OWN_RULES = {"/api/metrics"}
# The owner's alone, as the specification lists them: method and address.
OWNER_ONLY = re.compile(
    r"""\w+\ /api/admin/.*
    | \w+\ /api/auth/register
    | \w+\ /api/audit(/.*)?
    | \w+\ /api/servers/[^/]+/audit
    | delete\ /api/servers/removed/[^/]+
    | delete\ /api/snapshots/[^/]+
    | post\ /api/snapshots/(.*/)?(forget|prune|unlock|check)
    | (post|put|patch|delete)\ /api/(.*/)?schedules(/[^/]+)?
    """,
    re.VERBOSE,
)
# Well-formed ids that name nothing are no error here: REMOVED, and what was done to it once.
ANSWERS_FOR_UNKNOWN = {f"get /api/servers/{{id}}/{what}" for what in ("status", "operations", "audit")}

ROUTES = api_routes()
CLOSED = [(route, method) for route in ROUTES if short(route) not in PUBLIC | OWN_RULES for method in route.methods]
WITH_ID = [(route, method) for route in ROUTES if route.parameters for method in route.methods]


def named(pairs: list[tuple[Route, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("route", "method"), pairs, ids=[f"{m}-{short(r)}" for r, m in pairs])


def ask(method: str, address: str, token: str | None = None) -> Any:
    client = APIClient(raise_request_exception=False)
    if token is not None:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client.generic(method.upper(), address, "{}", content_type="application/json")


def person(role: UserRole = UserRole.ADMIN, name: str = "alice") -> User:
    user = User(username=name, role=role)
    user.set_unusable_password()
    user.save()
    return user


def signed(payload: dict[str, Any], *, key: str | None = None, algorithm: str = "HS256") -> str:
    return jwt.encode(payload, key or settings.MC_ADMIN.jwt.secret_key, algorithm)


def bad_tokens() -> dict[str, str]:
    """Tokens that were, are made to look like, or nearly are an owner's."""
    owner = person(UserRole.OWNER, "olga")
    good = tokens.issue(owner)
    payload = jwt.decode(good, options={"verify_signature": False})
    gone = person(UserRole.OWNER, "gone")
    disabled = person(UserRole.OWNER, "disabled")
    revoked = person(UserRole.OWNER, "revoked")
    found = {"of a deleted user": tokens.issue(gone), "of a disabled user": tokens.issue(disabled)}
    found["revoked"] = tokens.issue(revoked)
    gone.delete()
    disabled.is_active = False
    disabled.save()
    revoked.end_tokens()
    revoked.save()
    head, body, signature = good.split(".")
    none = base64.urlsafe_b64encode(json.dumps({"typ": "JWT", "alg": "none"}).encode()).rstrip(b"=").decode()
    earlier = {name: payload[name] for name in ("sub", "user_id", "username", "role", "created_at", "exp")}
    return found | {
        "expired": signed(payload | {"exp": time.time() - 1}),
        "signed with another key": signed(payload, key="another-key-0123456789-0123456789-abcdef"),
        "signed with HS512": signed(payload, algorithm="HS512", key=settings.MC_ADMIN.jwt.secret_key * 2),
        "alg none": f"{none}.{body}.",
        "alg none with a signature": f"{none}.{body}.{signature}",
        "cut short": good[:-3],
        "without its signature": f"{head}.{body}",
        "of the earlier version": signed(earlier | {"exp": time.time() + 3600.5}),
        "role root": signed(payload | {"role": "root"}),
        "id of nobody": signed(payload | {"user_id": 10**9}),
        "id too large for any database": signed(payload | {"user_id": 10**30}),
        "of before the valid-after instant": signed(payload | {"user_id": revoked.pk}),
        "no token": "nonsense",
        "empty": "",
    }


@pytest.mark.django_db
@named(CLOSED)
def test_strangers_are_401(route: Route, method: str) -> None:
    revoked = person(UserRole.OWNER)
    token = tokens.issue(revoked)
    revoked.end_tokens()
    revoked.save()
    refuses(route, method, {"nonsense": "a.b.c", "revoked": token})


@pytest.mark.process  # not that it starts one: some thousand calls are too many for each `make check`
@pytest.mark.django_db
@named(CLOSED)
def test_bad_tokens_of_every_kind_are_401(route: Route, method: str) -> None:
    refuses(route, method, bad_tokens())


@pytest.mark.django_db
def test_bad_tokens_of_every_kind_are_401_somewhere() -> None:
    refuses(next(route for route in ROUTES if short(route) == "/api/user/me"), "get", bad_tokens())


def refuses(route: Route, method: str, bad: dict[str, str]) -> None:
    """Fail, and say what to do, if the route lets somebody in without a token or with one of ``bad``."""
    address = route.address()
    found = {"no header": ask(method, address)} | {name: ask(method, address, token) for name, token in bad.items()}
    wrong = {name: answer.status_code for name, answer in found.items() if answer.status_code != 401}
    assert not wrong, (
        f"{method} {short(route)} let somebody in who is nobody. Give its view permission_classes of "
        "accounts.permissions. Are strangers meant? Then add it to PUBLIC."
    )
    assert all(answer.headers["WWW-Authenticate"] == "Bearer" for answer in found.values())
    assert all(set(answer.json()) == {"detail", "code"} for answer in found.values())


def page_of(user: User, *, origin: str | None = None) -> APIClient:
    """A browser that is signed in by session and has read the CSRF token."""
    headers = {} if origin is None else {"HTTP_ORIGIN": origin}
    client = APIClient(raise_request_exception=False, enforce_csrf_checks=True, **headers)
    answer = APIClient().post("/api/auth/session", {"access_token": tokens.issue(user)}, format="json")
    assert answer.status_code == 200
    client.cookies = answer.cookies
    return client


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("fake")
@named([(route, method) for route, method in CLOSED if short(route) != "/api/auth/verifyCode"])  # for programs alone
def test_a_session_proves_as_much_as_a_token_and_a_change_needs_more(route: Route, method: str) -> None:
    """By cookie: the answer of a token; without the CSRF token, or with a wrong one, 403; to foreign pages 401."""
    user = person()
    address, is_change = route.address(), method in {"post", "put", "patch", "delete"}
    own, foreign = page_of(user), page_of(user, origin="http://localhost:3000")

    def send(client: APIClient, **headers: Any) -> Any:
        return client.generic(method.upper(), address, "{}", content_type="application/json", **headers)

    if is_change:
        for wrong in ({}, {"HTTP_X_CSRFTOKEN": "x" * 64}):
            answer = send(own, **wrong)
            assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed"), f"{method} {short(route)}"
    csrf = {"HTTP_X_CSRFTOKEN": own.cookies["csrftoken"].value}
    assert send(foreign, **csrf).status_code == 401
    by_session = send(own, **csrf).status_code
    assert by_session == ask(method, address, tokens.issue(person(name="other"))).status_code, (
        f"{method} {short(route)}: a session counts as a token does. Leave authentication_classes to the settings."
    )
    assert send(own, HTTP_AUTHORIZATION="Bearer a.b.c", **csrf).status_code == 401


OWNERS = [(route, method) for route, method in CLOSED if OWNER_ONLY.fullmatch(f"{method} {short(route)}")]


@pytest.mark.django_db
@named(OWNERS)
def test_what_is_the_owners_alone_is_403_for_an_admin(route: Route, method: str) -> None:
    answer = ask(method, route.address(), tokens.issue(person()))

    assert answer.status_code == 403, (
        f"{method} {short(route)} is the owner's alone by the specification, section 3. "
        "Give it permission_classes = [RequireRole(UserRole.OWNER)]; by get_permissions, if other methods are for all."
    )
    assert set(answer.json()) == {"detail", "code"}


def test_the_owners_routes_are_found() -> None:
    assert len(OWNERS) >= 7, "the pattern OWNER_ONLY does not fit the routing any more"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("fake")
@named(WITH_ID)
def test_malformed_ids_are_404(route: Route, method: str) -> None:
    token = tokens.issue(person(UserRole.OWNER))
    for name in route.parameters:
        if "<path:" in route.pattern or route.unknown()[name] == "a/b":
            continue  # a path may be anything; its view judges it
        for value in MALFORMED:
            address = route.address(**{name: value})
            answer = ask(method, address, token)
            assert answer.status_code == 404, (
                f"{method} {address} answered {answer.status_code}. Give the parameter a converter that knows its "
                "form (int, uuid, server_id, or one of your own), so that the URL layer answers 404."
            )
            assert set(answer.json()) == {"detail", "code"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("fake")
@named(WITH_ID)
def test_unknown_ids_are_never_a_success_and_never_our_fault(route: Route, method: str) -> None:
    answer = ask(method, route.address(), tokens.issue(person(UserRole.OWNER)))

    if f"{method} {short(route)}" in ANSWERS_FOR_UNKNOWN:
        assert answer.status_code == 200
    else:
        # 400: a body or a query was asked for first; 503: backups are not configured here.
        assert answer.status_code in {400, 404, 409, 415, 503}, (
            f"{method} {short(route)} answered {answer.status_code} for ids that name nothing: it must be 404."
        )
        if method == "get":
            assert answer.status_code in {400, 404, 503}, f"{method} {short(route)}: reading what is not there is 404."


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("fake")
@named([(route, method) for route, method in WITH_ID if route.parameters[0] == "id" and "/servers/" in route.template])
def test_what_belongs_to_another_server_is_404(route: Route, method: str, server: str) -> None:
    """Of a server that is there: whatever the further parameters name is not among its own."""
    if len(route.parameters) == 1:
        return
    answer = ask(method, route.address(id=server), tokens.issue(person(UserRole.OWNER)))

    assert answer.status_code in {400, 404, 503}, (
        f"{method} {short(route)} answered {answer.status_code} for an object that this server does not have: "
        "look it up among the server's own, and answer 404."
    )


@pytest.mark.django_db
def test_every_page_of_the_admin_site_asks_strangers_and_admins_to_sign_in(client: Any) -> None:
    admin = person()
    client.force_login(admin)
    pages = [name for name in _admin_pages() if name not in {"login/", "logout/", "jsi18n/"}]
    prefix = f"/{settings.MC_ADMIN.admin_path}"
    assert len(pages) > 10
    for page in pages:
        for who in (client, type(client)()):
            for method in ("get", "post"):
                answer = getattr(who, method)(f"{prefix}{page}")
                assert answer.status_code in {301, 302, 404}, (
                    f"{method} {prefix}{page} answered {answer.status_code} to somebody who is no owner. "
                    "Wrap the view in self.admin_site.admin_view(...) where get_urls declares it."
                )
                if answer.status_code == 302:
                    assert "/login/" in answer.headers["Location"] or answer.headers["Location"].startswith("../")


def _admin_pages() -> list[str]:
    from django.urls import URLPattern
    from django.utils.regex_helper import normalize

    def walk(patterns: Any, prefix: str) -> Any:
        for pattern in patterns:
            regex = prefix + pattern.pattern.regex.pattern.removeprefix("^")
            if isinstance(pattern, URLPattern):
                template, parameters = normalize(regex)[0]
                yield template % dict.fromkeys(parameters, "1")
            else:
                yield from walk(pattern.url_patterns, regex)

    site: Any = next(one for one in get_resolver().url_patterns if getattr(one, "app_name", "") == "admin")
    return list(walk(site.url_patterns, ""))
