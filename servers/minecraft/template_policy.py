"""Which compose texts may be created through the API until the full safety policy exists.

Whoever writes a compose file could become root on this machine. So, for now, a posted text may use only
the keys of our own template and a few more that stay inside the container. The full policy (an allow-list
with a reason for each key, then a check of the rendered file) **replaces this module**; nothing here is to
be extended towards it.
"""

from collections.abc import Iterator
from typing import Any

from servers.docker.compose_yaml import Document, Path, Problem

SERVICE = "mc"
SERVICE_KEYS = frozenset(
    {"image", "container_name", "environment", "ports", "volumes", "restart", "stop_grace_period"}
    | {"mem_limit", "pids_limit", "tty", "stdin_open"}
    | {"healthcheck", "mem_reservation", "cpus"}  # not in the template: a command inside the container, and limits
)
VOLUME = "./data:/data"


def check_template_keys(document: Document) -> list[Problem]:
    """Return a problem, with its line, for everything that our own template does not use.

    Also for variables, and for names in ``environment`` without a value: Compose would fill in both from the
    panel's own environment.
    """
    return list(_findings(document))


def _findings(document: Document) -> Iterator[Problem]:
    for key in document.value:
        if key != "services":
            yield _unknown(document, (key,))
    services = document.value.get("services")
    for name, service in services.items() if isinstance(services, dict) else ():
        if name != SERVICE:
            yield _unknown(document, ("services", name))
            continue
        for key in service if isinstance(service, dict) else ():
            if key not in SERVICE_KEYS:
                yield _unknown(document, ("services", name, key))
        if isinstance(service, dict):
            yield from _volumes(document, service.get("volumes"))
            yield from _passed_through(document, service.get("environment"))
    yield from _variables(document, document.value, (), set())


def _volumes(document: Document, volumes: Any) -> Iterator[Problem]:
    at = ("services", SERVICE, "volumes")
    for number, volume in enumerate(volumes) if isinstance(volumes, list) else ():
        if volume != VOLUME:
            message = f"The only volume that may be used is `{VOLUME}`."
            yield Problem("volume_not_allowed", message, document.line_of((*at, number)))


def _passed_through(document: Document, environment: Any) -> Iterator[Problem]:
    names: list[str | int] = []
    if isinstance(environment, dict):
        names = [name for name, value in environment.items() if value is None]
    elif isinstance(environment, list):
        names = [number for number, entry in enumerate(environment) if isinstance(entry, str) and "=" not in entry]
    for name in names:
        message = 'A variable of the environment needs a value; write "" for an empty one.'
        line = document.line_of(("services", SERVICE, "environment", name))
        yield Problem("environment_passed_through", message, line)


def _variables(document: Document, value: Any, path: Path, seen: set[int]) -> Iterator[Problem]:
    """Find ``${NAME}``; what aliases lead to is looked at once."""
    if isinstance(value, str):
        if "$" in value.replace("$$", ""):
            message = "Variables are not allowed here; write `$$` for a dollar sign."
            yield Problem("variable", message, document.line_of(path))
        return
    if id(value) in seen:
        return
    seen.add(id(value))
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _variables(document, item, (*path, key), seen)


def _unknown(document: Document, path: Path) -> Problem:
    key = ".".join(map(str, path))
    return Problem("key_not_allowed", f"`{key[:80]}` is not a key that may be used here.", document.line_of(path))
