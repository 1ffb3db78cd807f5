"""The table of verbs: every route of a server, read from the routing, against people who were given more or less."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import Access, Grant, Role, User, UserRole
from accounts.permissions import address_of, need_of
from accounts.rights.table import ROUTES, Need, Where, Who
from accounts.rights.verbs import Verb
from mcadmin.tests.test_rights_of_routes import ask
from servers.tests.conftest import GAME_PORT, compose_text, write_server
from testing.routes import Route, api_routes, short

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake")]

OTHER = "another-server"


def needed(route: Route, method: str) -> Who | Need:
    found = need_of(short(route).lstrip("/"), method.upper())
    assert found is not None, f"{method} {short(route)} is not in accounts.rights.table.ROUTES"
    return found


ALL_ROUTES = [(route, method) for route in api_routes() for method in route.methods]
ON_SERVER = [
    (route, method, need)
    for route, method in ALL_ROUTES
    if isinstance(need := needed(route, method), Need) and need.where is Where.ADDRESS
]
each_on_server = pytest.mark.parametrize(
    ("route", "method", "need"), ON_SERVER, ids=[f"{method}-{short(route)}" for route, method, _ in ON_SERVER]
)
BY_ROLE = [
    (route, method) for route, method in ALL_ROUTES if needed(route, method) in {Who.OWNER, Who.CREATOR, Who.MASTER}
]


def given(*verbs: Verb, server: str, name: str = "gina", words: tuple[str, ...] = ()) -> str:
    """The token of a new user with these verbs on one server and nothing else."""
    user = User(username=name, role=UserRole.ADMIN, access=Access.GRANTED)
    user.set_unusable_password()
    user.save()
    if verbs:
        role = Role.objects.create(name=f"of {name}", verbs=[str(verb) for verb in verbs], commands=list(words))
        Grant.objects.create(user=user, role=role, server=server, incarnation=None if "*" in server else 1)
    return tokens.issue(user)


def everybody(role: UserRole) -> str:
    user = User(username=f"the-{role}", role=role)
    user.set_unusable_password()
    user.save()
    return tokens.issue(user)


def right_of(answer: Any) -> tuple[int, str]:
    """The status and the code of an answer that may be anything."""
    is_problem = answer.status_code >= 400 and answer.headers.get("Content-Type") == "application/json"
    return answer.status_code, answer.json().get("code", "") if is_problem else ""


def test_the_table_is_about_the_routes_that_there_are() -> None:
    known = {address_of(short(route).lstrip("/")) for route, _ in ALL_ROUTES}

    assert set(ROUTES) - known == set()
    assert len(ON_SERVER) > 40


@each_on_server
def test_a_server_that_was_not_given_does_not_exist(route: Route, method: str, need: Need, server: str) -> None:
    """Nothing given, or all of another server: 404, word for word as for an id that nobody has."""
    for token in (given(server=server, name="nobody"), given(*Verb, server=OTHER, name="neighbour")):
        foreign, unknown = (ask(method, route.address(id=one), token) for one in (server, "ghost"))

        assert right_of(foreign) == (404, "server_not_found")
        if method != "head":
            assert foreign.json()["detail"].replace(server, "ghost") == unknown.json()["detail"]
        assert dict(foreign.headers) | {"Content-Length": ""} == dict(unknown.headers) | {"Content-Length": ""}


@each_on_server
def test_all_but_the_verb_is_403_and_names_it(route: Route, method: str, need: Need, server: str) -> None:
    others = [verb for verb in Verb if verb not in need.verbs]
    if Verb.VIEW in need.verbs:
        return  # whoever has any verb has this one
    answer = ask(method, route.address(id=server), given(*others, server=server))

    assert right_of(answer) == (403, "right_missing")
    assert all(f"`{verb}`" in answer.json()["detail"] for verb in need.verbs)


@each_on_server
def test_exactly_the_verb_is_as_good_as_everything(route: Route, method: str, need: Need, server: str) -> None:
    wanted = right_of(ask(method, route.address(id=server), everybody(UserRole.ADMIN)))
    assert wanted == right_of(ask(method, route.address(id=server), everybody(UserRole.OWNER)))

    for verb in need.verbs:
        found = right_of(ask(method, route.address(id=server), given(verb, server=server, name=f"has-{verb}")))
        assert found == wanted
    assert right_of(ask(method, route.address(id=server), given(*Verb, server=f"{server[:3]}*", name="all"))) == wanted


@pytest.mark.parametrize(("route", "method"), BY_ROLE, ids=[f"{method}-{short(route)}" for route, method in BY_ROLE])
def test_all_verbs_make_no_owner(route: Route, method: str, server: str) -> None:
    values = {"id": server} if "/servers/" in route.template else {}
    answer = ask(method, route.address(**values), given(*Verb, server=server))

    assert answer.status_code == 403
    assert server not in answer.json()["detail"]


def test_an_action_needs_its_own_verb(server: str) -> None:
    def act(token: str, action: str) -> tuple[int, str]:
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return right_of(client.post(f"/api/servers/{server}/operations", {"action": action}, format="json"))

    powerful, remover = given(Verb.POWER, server=server), given(Verb.REMOVE, server=server, name="remover")

    assert act(powerful, "remove") == (403, "right_missing")
    assert act(remover, "up") == (403, "right_missing")
    assert act(powerful, "stop")[0] != 403
    assert act(remover, "remove")[0] != 403


def test_lists_leave_out_what_was_not_given(server: str) -> None:
    token, nobody = given(Verb.VIEW, server=server), given(server=server, name="nobody")

    assert [item["id"] for item in ask("get", "/api/servers", token).json()] == [server]
    assert ask("get", "/api/servers", nobody).json() == []
    rights = ask("get", "/api/user/me/rights", token).json()
    assert rights == {"access": "granted", "create": False, "servers": {server: ["view"]}, "commands": {}}
    assert ask("get", "/api/user/me/rights", nobody).json()["servers"] == {}


def test_words_about_a_server_name_no_other_one(server: str, server_path: Path) -> None:
    """A clash of project names, and a port that another server's file publishes."""
    write_server(server_path, server.upper())  # the same Compose project name
    viewer = given(Verb.VIEW, server=server)
    problems = [
        ask("get", "/api/servers", viewer).json()[0]["problem"],
        ask("get", f"/api/servers/{server}", viewer).json()["problem"],
    ]
    assert all("same Compose project name" in problem for problem in problems)
    assert not any(server.upper() in problem for problem in problems)
    assert server.upper() in ask("get", f"/api/servers/{server}", everybody(UserRole.ADMIN)).json()["problem"]

    maker = User.objects.create(username="maker", access=Access.GRANTED, may_create=True)
    text = compose_text("mine", game_port=GAME_PORT, rcon_port=25999)
    for token, is_named in ((tokens.issue(maker), False), (everybody(UserRole.OWNER), True)):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        answer = client.post("/api/servers", {"id": "mine", "yaml_content": text}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (409, "port_taken")
        assert (server.lower() in answer.json()["detail"].lower()) is is_named
