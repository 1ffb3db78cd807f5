"""A compose file as a typed model: what we look at is named, everything else is kept as it is."""

import copy
import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, PlainValidator, ValidationError

from servers.docker.compose_file.ports import Port, parse_port
from servers.docker.compose_file.scalars import ComposeDumper, text_of
from servers.docker.compose_file.volumes import Volume, parse_volume
from servers.docker.compose_file.yaml_text import BadComposeFile, Document, Path, Problem, parse_yaml

_PROJECT_CHARACTERS = re.compile(r"[^a-z0-9_-]")
_DURATION = re.compile(r"(?P<number>[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})(?P<unit>us|µs|ms|s|m|h|d|w)")
_SECONDS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DROP = object()


def _variable(value: Any) -> str | None:
    if not isinstance(value, str | int | float | None):
        raise ValueError("must be text, a number, true, false or nothing")  # noqa: TRY004  pydantic wants ValueError
    return text_of(value)


def _environment(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise ValueError("must be a mapping, or a list of `NAME=value` texts")
    parts = (entry.partition("=") for entry in value)
    return {name: text if equals else None for name, equals, text in parts}


def _port(value: Any) -> Port:
    port = value if isinstance(value, Port) else parse_port(value)
    if port is None:
        raise ValueError('is no port; write "25565:25565"')
    return port


def _volume(value: Any) -> Volume:
    volume = value if isinstance(value, Volume) else parse_volume(value)
    if volume is None:
        raise ValueError('is no volume; write "./data:/data"')
    return volume


_Variable = Annotated[str | None, BeforeValidator(_variable)]
_Port = Annotated[Port, PlainValidator(_port), PlainSerializer(Port.written)]
_Volume = Annotated[Volume, PlainValidator(_volume), PlainSerializer(Volume.written)]


class Service(BaseModel):
    """One service; keys that we do not name are kept.

    Attributes:
        environment: text as the container gets it, ``$`` and variables still as in the file (see ``literal``);
            None for a variable that is passed through. Both spellings of the file become this.
        stop_grace_period: as written; ``duration_s`` reads it.
    """

    model_config = ConfigDict(extra="allow")

    image: str | None = None
    container_name: str | None = None
    environment: Annotated[dict[str, _Variable], BeforeValidator(_environment)] = {}
    ports: list[_Port] = []
    volumes: list[_Volume] = []
    restart: str | None = None
    stop_grace_period: str | None = None
    network_mode: str | None = None
    profiles: list[str] = []


class ComposeFile(BaseModel):
    """The file: its services and whatever else it has."""

    model_config = ConfigDict(extra="allow")

    services: dict[str, Service]

    @classmethod
    def from_yaml(cls, text: str | bytes) -> Self:
        """Parse a text; raises BadComposeFile with a line for each fault."""
        document = parse_yaml(text)
        return cls._build(document.value, document)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """Build the model from plain values; raises BadComposeFile naming each fault."""
        return cls._build(value, None)

    @classmethod
    def from_document_in_part(cls, document: Document) -> tuple[Self, list[Problem]]:
        """Build the model from whatever is right in ``document``, and return what is not with it."""
        try:
            return cls.model_validate(document.value), []
        except ValidationError as error:
            value = copy.deepcopy(document.value)
            for path in _paths(error):
                _mark(value, path)
            if not isinstance(value.get("services"), dict):
                value["services"] = {}
            _drop_marked(value["services"])
            return cls.model_validate(value), _faults(error, document)

    def to_yaml(self) -> str:
        """Write the model as YAML, lists in their order."""
        return yaml.dump(self.to_dict(), Dumper=ComposeDumper, sort_keys=False, allow_unicode=True)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; what is empty is left out."""
        return self.model_dump(exclude_defaults=True)

    @classmethod
    def _build(cls, value: Mapping[str, Any], document: Document | None) -> Self:
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise BadComposeFile(_faults(error, document)) from None


def project_name(directory_name: str) -> str:
    """Return the Compose project name of a directory: ``My.Srv`` is ``mysrv``, as Compose makes it."""
    return _PROJECT_CHARACTERS.sub("", directory_name.lower()).lstrip("_-")


def duration_s(value: str | None) -> float | None:
    """Return Compose's duration (``1m30s``) in seconds; None when it is none, or has no unit."""
    text = value or ""
    parts = list(_DURATION.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        return None
    return sum(float(part["number"]) * _SECONDS[part["unit"]] for part in parts)


def literal(value: str) -> str | None:
    """Return what Compose makes of a text: ``$$`` is a dollar sign; None when a variable hides the rest."""
    return None if "$" in value.replace("$$", "") else value.replace("$$", "$")


def _paths(error: ValidationError) -> list[Path]:
    return [fault["loc"] for fault in error.errors(include_input=False, include_url=False)]


def _faults(error: ValidationError, document: Document | None) -> list[Problem]:
    faults = []
    for fault in error.errors(include_input=False, include_url=False):
        where = fault["loc"]
        what = fault["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        what = what if what.startswith(("must", "is ")) else f"must be {what}"
        what = "is missing" if fault["type"] == "missing" else what
        line = document.line_of(where) if document else None
        faults.append(Problem("wrong_type", f"`{'.'.join(map(str, where))[:120]}` {what}.", line))
    return faults


def _mark(value: Any, path: Path) -> None:
    """Mark the value at ``path`` for removal; twice is as good as once, as aliases lead to the same object."""
    *parents, last = path
    for part in parents:
        if value is _DROP:
            return
        value = value[part]
    if isinstance(value, list) or (isinstance(value, dict) and last in value):
        value[last] = _DROP  # type: ignore[index]  # pydantic's path fits the value that it judged


def _drop_marked(services: dict[str, Any]) -> None:
    for service in (services, *(one for one in services.values() if isinstance(one, dict))):
        for key, value in list(service.items()):
            if value is _DROP:
                del service[key]
            elif isinstance(value, list):
                service[key] = [item for item in value if item is not _DROP]
            elif isinstance(value, dict):
                for name in [name for name, item in value.items() if item is _DROP]:
                    del value[name]
