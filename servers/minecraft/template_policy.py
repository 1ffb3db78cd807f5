"""Which compose texts may be created through the API until the full safety policy exists.

Whoever writes a compose file could become root on this machine. So, for now, a posted text may use only
the keys of our own template, each of which stays inside the container; the full policy replaces this.
"""

from collections.abc import Iterator
from typing import Any

from servers.docker.compose_yaml import Document, Problem

SERVICE_KEYS = frozenset(
    {"image", "container_name", "environment", "ports", "volumes", "restart", "stop_grace_period"}
    | {"mem_limit", "pids_limit", "tty", "stdin_open"}
)
VOLUME = "./data:/data"


def check_template_keys(document: Document) -> list[Problem]:
    """Return a problem for everything that our own template does not use."""
    return list(_findings(document))


def _findings(document: Document) -> Iterator[Problem]:
    for key in document.value:
        if key != "services":
            yield _unknown(document, (key,))
    services = document.value.get("services")
    for name, service in services.items() if isinstance(services, dict) else ():
        if name != "mc":
            yield _unknown(document, ("services", name))
        for key in service if isinstance(service, dict) else ():
            if key not in SERVICE_KEYS:
                yield _unknown(document, ("services", name, key))
        yield from _volumes(document, name, service)
    yield from _variables(document, document.value, ())


def _volumes(document: Document, name: str, service: Any) -> Iterator[Problem]:
    volumes = service.get("volumes") if isinstance(service, dict) else None
    for number, volume in enumerate(volumes if isinstance(volumes, list) else ()):
        if volume != VOLUME:
            line = document.line_of(("services", name, "volumes", number))
            yield Problem("volume_not_allowed", f"The only volume that may be used is `{VOLUME}`.", line)


def _variables(document: Document, value: Any, path: tuple[str | int, ...]) -> Iterator[Problem]:
    """Find ``${NAME}``: Compose would fill in the panel's environment or a file that a plugin can write."""
    if isinstance(value, str) and "$" in value.replace("$$", ""):
        message = "Variables are not allowed here; write `$$` for a dollar sign."
        yield Problem("variable", message, document.line_of(path))
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _variables(document, item, (*path, key))


def _unknown(document: Document, path: tuple[str | int, ...]) -> Problem:
    key = ".".join(map(str, path))
    return Problem("key_not_allowed", f"`{key[:80]}` is not a key that may be used here.", document.line_of(path))
