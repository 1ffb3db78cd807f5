"""An API client that holds every JSON answer against the OpenAPI document."""

import re
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from rest_framework.test import APIClient

_DOCUMENT = "urn:openapi"
_NOT_DESCRIBED = re.compile(r"/api/(schema|docs|redoc|healthz)$")  # the document itself, its viewers, and liveness


class ContractBroken(AssertionError):
    """An answer is not what the OpenAPI document promises."""


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document, as /api/schema serves it."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # untyped library
    return schema


class ContractClient(APIClient):
    """DRF's client; an answer that breaks the contract raises ContractBroken at the call."""

    def request(self, **kwargs: Any) -> Any:
        response = super().request(**kwargs)
        path = without_slash(str(kwargs["PATH_INFO"]))
        if path.startswith("/api/") and not _NOT_DESCRIBED.match(path):
            hold_to_contract(str(kwargs["REQUEST_METHOD"]).lower(), path, response)
        return response


def without_slash(path: str) -> str:
    """Return the path in the form that the document declares."""
    return path.rstrip("/")


def hold_to_contract(method: str, path: str, response: Any) -> None:
    """Raise ContractBroken unless the document describes this answer."""
    where = f"{method.upper()} {path} → {response.status_code}"
    if response.status_code >= 400:
        _check(where, response, "/components/schemas/Problem")
        if response.status_code in {404, 405}:
            return
    if method == "options":
        return
    template = _template(path)
    operation = document()["paths"].get(template, {}).get(method)
    if operation is None:
        raise ContractBroken(f"{where}: the OpenAPI document does not know it")
    if response.status_code >= 400:
        return
    described = operation["responses"].get(str(response.status_code))
    if described is None:
        raise ContractBroken(f"{where}: this status is not in the OpenAPI document")
    if "application/json" not in described.get("content", {}):
        if getattr(response, "content", b"") and "json" in response.headers.get("Content-Type", ""):
            raise ContractBroken(f"{where}: answers JSON, but the document describes none")
        return
    pointer = "/".join(
        _escaped(part)
        for part in ("", "paths", template, method, "responses", str(response.status_code), "content")
    )
    _check(where, response, f"{pointer}/application~1json/schema")


def _template(path: str) -> str:
    """Return the document's path that fits; a literal part beats a variable one."""
    fitting = [
        one for one in document()["paths"] if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", one.rstrip("/")), path)
    ]
    return min(fitting, key=lambda one: one.count("{"), default="")


def _escaped(part: str) -> str:
    """Return a part of a JSON pointer as it stands in a URI fragment."""
    return part.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def _check(where: str, response: Any, pointer: str) -> None:
    resource = Resource.from_contents(document(), default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource(_DOCUMENT, resource)
    validator = Draft202012Validator({"$ref": f"{_DOCUMENT}#{pointer}"}, registry=registry)
    problems = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(response.json())]
    if problems:
        raise ContractBroken(f"{where}: " + "; ".join(problems))
