"""A compose file as a typed model: what we look at is named, everything else is kept as it is."""

import re
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from servers.docker.compose_yaml import BadComposeFile, Document, Problem, parse_yaml
from servers.docker.ports import Port, parse_port

_PROJECT_CHARACTERS = re.compile(r"[^a-z0-9_-]")
_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>us|ms|s|m|h)")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}


class Service(BaseModel):
    """One service; keys that we do not name are kept."""

    model_config = ConfigDict(extra="allow")

    image: str | None = None
    container_name: str | None = None
    environment: dict[str, Any] | list[Any] | None = None
    ports: list[Any] | None = None
    volumes: list[Any] | None = None
    restart: str | None = None
    stop_grace_period: str | int | None = None

    def environment_values(self) -> dict[str, str | None]:
        """Return the variables as the container gets them; None for one that is passed through."""
        if isinstance(self.environment, dict):
            return {str(name): _as_text(value) for name, value in self.environment.items()}
        found: dict[str, str | None] = {}
        for entry in self.environment or []:
            name, equals, value = str(entry).partition("=")
            found[name] = value if equals else None
        return found

    def port_list(self) -> list[Port]:
        """Return the published ports; entries that are none are left out."""
        return [port for port in map(parse_port, self.ports or []) if port is not None]

    def stop_grace_period_s(self) -> float | None:
        """Return the grace period in seconds, or None when there is none that can be read."""
        return duration_s(self.stop_grace_period)


class ComposeFile(BaseModel):
    """The file: its services and whatever else it has."""

    model_config = ConfigDict(extra="allow")

    services: dict[str, Service]

    @classmethod
    def from_yaml(cls, text: str | bytes) -> Self:
        """Parse a text; raises BadComposeFile with a line for each fault."""
        return cls.from_document(parse_yaml(text))

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Build the model from a parsed text; raises BadComposeFile with a line for each fault."""
        try:
            return cls.model_validate(document.value)
        except ValidationError as error:
            raise BadComposeFile(_faults(error, document)) from None

    def to_yaml(self) -> str:
        """Write the model as YAML, keys in their order."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: what was given, nothing that we added."""
        return self.model_dump(exclude_unset=True)


def project_name(directory_name: str) -> str:
    """Return the Compose project name of a directory: ``My.Srv`` is ``mysrv``, as Compose makes it."""
    return _PROJECT_CHARACTERS.sub("", directory_name.lower()).lstrip("_-")


def duration_s(value: str | int | None) -> float | None:
    """Return Compose's duration (``1m30s``) in seconds; None when it is none."""
    text = str(value or "")
    parts = list(_DURATION.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        return None
    return sum(float(part["number"]) * _SECONDS[part["unit"]] for part in parts)


def _as_text(value: Any) -> str | None:
    """Write a YAML value as Compose does: 1.20 without quotes is the number 1.2."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _faults(error: ValidationError, document: Document) -> list[Problem]:
    faults: dict[tuple[str | int, ...], Problem] = {}
    for fault in error.errors(include_input=False, include_url=False):
        where = fault["loc"][:3]  # services.<name>.<key>; deeper parts name our own alternatives
        key, line = ".".join(map(str, where)), document.line_of(where)
        faults.setdefault(where, Problem("wrong_type", f"{key}: missing, or not of the type it must have.", line))
    return list(faults.values())
