"""Orders to other software of this machine that a compose file can carry: labels, and names in the environment.

Proxies, updaters, schedulers, backup tools and healers watch all containers and obey what they find on them: a
label can publish a service under another name, replace an image, or run a command. Nobody can list all of them,
so labels are an allow-list. An environment is the game's own, so there the known names are refused.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from servers.docker.compose_file.yaml_text import Path as Where

Found = tuple[str, str, Where]  # code, sentence, place

# What says something to people and is obeyed by nothing.
_PLAIN_LABELS = {
    "author", "comment", "contact", "description", "maintainer", "note", "notes", "owner", "title", "url", "version",
}
_PLAIN_PREFIXES = ("org.opencontainers.image.", "org.label-schema.", "mcadmin.", "x-")
# docker-gen with nginx-proxy and acme-companion, Registrator, logspout.
_OBEYED = re.compile(
    r"VIRTUAL_[A-Z0-9_]+|LETSENCRYPT_[A-Z0-9_]+|ACME_[A-Z0-9_]+|SERVICE_[A-Z0-9_]+|CERT_NAME|HTTPS_METHOD"
    r"|NETWORK_ACCESS|EXTERNAL_HTTPS?_PORT|LOGSPOUT|EXCLUDE_LABEL|VHOST",
    re.IGNORECASE,
)
_NAMED = 5  # of many in one place


def check_labels(config: Mapping[str, Any]) -> Iterator[Found]:
    """Yield a finding for each place of a rendered file that has labels other than plain ones."""
    for where, labels in _places(config):
        names = [name for name in _names(labels) if not _is_plain(name)]
        if names:
            message = (
                f"Other software of this machine may obey {_listed(names)}. Plain labels are: "
                "description, maintainer, owner, note, title, version, x-…, mcadmin.…, org.opencontainers.image.…."
            )
            yield "labels", message, where


def check_environment(config: Mapping[str, Any]) -> Iterator[Found]:
    """Yield a finding for each service whose environment holds names that software of this machine obeys."""
    for service, value in (config.get("services") or {}).items():
        names = [name for name in _names(value.get("environment")) if _OBEYED.fullmatch(name)]
        if names:
            message = f"A proxy or registry of this machine may obey {_listed(names)}. Remove it."
            yield "host_software", message, ("services", service, "environment")


def is_plain_logging(logging: Any) -> bool:
    """Tell whether a service's log stays in its own files: other drivers and options write into the host's."""
    driver, options = (logging or {}).get("driver") or "json-file", (logging or {}).get("options") or {}
    return driver in {"json-file", "local"} and set(options) <= {"max-size", "max-file"}


def _places(config: Mapping[str, Any]) -> Iterator[tuple[Where, Any]]:
    for service, value in (config.get("services") or {}).items():
        at: Where = ("services", service)
        yield (*at, "labels"), value.get("labels")
        yield (*at, "deploy", "labels"), (value.get("deploy") or {}).get("labels")
        for number, mount in enumerate(value.get("volumes") or []):
            if isinstance(mount, Mapping):
                yield (*at, "volumes", number), (mount.get("volume") or {}).get("labels")
    for kind in ("networks", "volumes", "configs", "secrets"):
        for name, entry in (config.get(kind) or {}).items():
            yield (kind, name, "labels"), (entry or {}).get("labels")


def _names(values: Any) -> list[str]:
    """Return the names in both spellings, ``{name: value}`` and ``[name=value]``."""
    if isinstance(values, Mapping):
        return [str(name) for name in values]
    return [str(one).partition("=")[0] for one in values or []]


def _is_plain(name: str) -> bool:
    return name in _PLAIN_LABELS or name.startswith(_PLAIN_PREFIXES)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(repr(name[:80]) for name in sorted(names)[:_NAMED]) + more
