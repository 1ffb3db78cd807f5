"""Secrets that must turn up nowhere, requests that carry them, and the places where they must not be found."""

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.http import urlencode

from audit.models import AuditEvent
from mcadmin.routing import websocket_urlpatterns
from servers.models import Operation
from servers.tests.conftest import compose_text
from testing.contract import document

CANARIES = {
    "password": "c4nary-passw0rd-1",
    "new password": "c4nary-passw0rd-2",
    "master token": "c4nary-m4ster-t0ken-3",
    "restic password": "c4nary-r3stic-4",
    "rcon password": "c4nary-rc0n-5",
    "wrong token": "c4nary-wr0ng-6",
    "login code": "c4nary-c0de-7",
    "file content": "c4nary-c0ntent-8",
    "login of an address": "c4nary-l0gin-9",
    "signing key": "c4nary-s1gning-key-of-these-tests-0123456789",
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_CHANGES = METHODS[1:]
ADDRESS = f"https://bob:{CANARIES['login of an address']}@example.org/pack.zip"
_GROUP = re.compile(r"<(?:(\w+):)?(\w+)>")


def yaml_text(server_id: str) -> str:
    """A compose file whose environment has secrets, in spellings that the rules take."""
    text = compose_text(server_id).replace("not-a-secret", CANARIES["rcon password"])
    return text.replace("TYPE: PAPER", f"TYPE: PAPER\n      RESOURCE_PACK: {ADDRESS}")


def fields(server_id: str) -> dict[str, Any]:
    """Every kind of place in a JSON body where a secret may stand."""
    password, code = CANARIES["password"], CANARIES["login code"]
    return {
        "username": "alice", "password": password, "old_password": password, "code": code,
        "new_password": CANARIES["new password"], "rcon_password": CANARIES["rcon password"],
        "masterToken": CANARIES["master token"], "content": CANARIES["file content"],
        "nested": {"API_KEY": password, "list": [{"Secret": password}, [f"token={password}"]]},
        "yaml_content": yaml_text(server_id), "override_yaml": f"x: 1\npassword: {password}\n",
        "environment": ["RCON_PASSWORD=" + CANARIES["rcon password"]],
        "command": f"authme changepassword bob {password}", "id": "made", "action": "up", "path": "/x.txt",
        "note": f"the master token is {CANARIES['master token']}", "name": "x", "accept_eula": True,
        "properties": {"rcon.password": CANARIES["rcon password"], "resource-pack": ADDRESS},
        "url": ADDRESS, "message": f"now with {ADDRESS}", "Authorization": f"Bearer {password}",
    }


@dataclass(frozen=True, kw_only=True)
class Body:
    """What a request carries."""

    name: str
    content_type: str
    raw: bytes


def bodies(route: str, method: str, server_id: str) -> Iterator[Body]:
    """Yield a body of every type; the first fits the OpenAPI document, so that the view's own work begins."""
    known = fields(server_id)
    yield Body(name="fitting", content_type="application/json", raw=json.dumps(_fitting(route, method, known)).encode())
    yield Body(name="everything", content_type="application/json", raw=json.dumps(known).encode())
    yield Body(name="a list", content_type="application/json", raw=json.dumps([known]).encode())
    yield Body(name="half", content_type="application/json", raw=json.dumps(known).encode()[:-9])
    flat = {name: value for name, value in known.items() if isinstance(value, str)}
    yield Body(name="form", content_type="application/x-www-form-urlencoded", raw=urlencode(flat).encode())
    yield Body(name="multipart", content_type="multipart/form-data; boundary=bound", raw=_multipart(flat))
    text = "\n".join(f"{name}: {value}" for name, value in flat.items()).encode()
    for kind in ("text/plain", "application/yaml", "application/octet-stream", "application/xml", ""):
        yield Body(name=kind or "no type", content_type=kind, raw=text)


def _multipart(flat: Mapping[str, str]) -> bytes:
    parts = [
        f'--bound\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in flat.items()
    ]
    file = (
        '--bound\r\nContent-Disposition: form-data; name="file"; filename="x.txt"\r\n'
        f"Content-Type: text/plain\r\n\r\n{CANARIES['file content']}\r\n"
    )
    return ("".join(parts) + file + "--bound--\r\n").encode()


def _fitting(route: str, method: str, known: Mapping[str, Any]) -> Any:
    template = "/" + _GROUP.sub(lambda found: f"{{{found[2]}}}", route)
    operation = document()["paths"].get(template, {}).get(method.lower(), {})
    content = operation.get("requestBody", {}).get("content", {})
    shape: Mapping[str, Any] = next(iter(content.values()), {"schema": {}})["schema"]
    return _instance(shape, known, "")


def _instance(shape: Mapping[str, Any], known: Mapping[str, Any], name: str) -> Any:
    """Return a value of ``shape``; secrets where a field's name says so."""
    if "$ref" in shape:
        return _instance(document()["components"]["schemas"][shape["$ref"].rpartition("/")[2]], known, name)
    for word in ("allOf", "oneOf", "anyOf"):
        if word in shape:
            return _instance(shape[word][0], known, name)
    if isinstance(known.get(name), str):
        return known[name]
    return shape["enum"][0] if "enum" in shape else _of_type(shape, known, name)


def _of_type(shape: Mapping[str, Any], known: Mapping[str, Any], name: str) -> Any:
    kind = shape.get("type", "object")
    kind = kind if isinstance(kind, str) else kind[0]
    if kind == "object":
        return {key: _instance(one, known, key) for key, one in shape.get("properties", {}).items()}
    if kind == "array":
        return [_instance(shape.get("items", {}), known, name)]
    is_secret = re.search("password|token|secret|key", name, re.IGNORECASE)
    plain = {"string": CANARIES["password"] if is_secret else "x", "boolean": True, "null": None}
    return plain.get(kind, max(1, shape.get("minimum", 1)))


def api_routes() -> list[str]:
    """Every route that is not the admin site's, as it is declared."""
    return sorted(route for route in _routes(get_resolver().url_patterns) if not route.startswith("admin/"))


def admin_routes() -> list[str]:
    """Every route of the admin site."""
    return sorted(route for route in _routes(get_resolver().url_patterns) if route.startswith("admin/"))


def _routes(patterns: Any, prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


def address(route: str, values: Mapping[str, str]) -> str:
    """Return an address of ``route``: its variables filled by converter, else by name, else ``x``."""
    if "(?P" in route:  # a regular expression of Django's own
        return "/" + re.sub(r"\(\?P<\w+>[^)]*\)", "x", route).strip("^$").replace(r"\Z", "")
    return "/" + _GROUP.sub(lambda found: values.get(found[1] or "", values.get(found[2], "x")), route)


def sockets(values: Mapping[str, str]) -> dict[str, list[str]]:
    """Return an address of every socket, with the types of message that its module's source knows."""
    found = {}
    for pattern in websocket_urlpatterns:
        expression = pattern.pattern.regex.pattern
        name = "uuid" if "[0-9a-f]{8}" in expression else "server_id"
        path = re.sub(r"\(\?P<\w+>.*\)(?=/|$|\\Z)", values[name], expression.strip("^").replace(r"/?\Z", ""))
        module = inspect.getmodule(pattern.callback.consumer_class)
        known = re.findall(r"""["']type["']: ["'](\w+)["']""", inspect.getsource(module)) if module else []
        found["/" + path] = [*dict.fromkeys(known), "command", "unknown"]
    return found


def frames(kinds: list[str], server_id: str) -> Iterator[str]:
    """Yield messages of every type with every secret in every place, and what is no message at all."""
    everything = fields(server_id)
    for kind in kinds:
        yield json.dumps({"type": kind} | {name: value for name, value in everything.items() if name != "type"})
        yield json.dumps({"type": kind, "command": 5, "token": CANARIES["wrong token"]})
    yield f"password={CANARIES['password']}"
    yield json.dumps([everything])
    yield json.dumps({"type": everything})


def find(text: str, *, but: tuple[str, ...] = ()) -> list[str]:
    """Return the names of the canaries in a text."""
    return [name for name, value in CANARIES.items() if name not in but and value in text]


def database_text() -> str:
    """Return every audit row and operation as text."""
    rows = [*AuditEvent.objects.values(), *Operation.objects.values()]
    return "\n".join(json.dumps(row, default=str) for row in rows)
