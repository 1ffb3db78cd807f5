"""One server in full: what its compose file says beyond the list's item, and what is to be said about it."""

from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings

from mcadmin.core.errors import AppError
from servers import compose_safety, wiring
from servers.api.items import server_item
from servers.docker.compose_yaml import BadComposeFile
from servers.minecraft.compose_rules import MCComposeFile
from servers.minecraft.warnings import warnings_of

MASKED = "***"


def server_detail(server_id: str) -> dict[str, Any]:
    """Return a server in the shape of ServerDetailSerializer; raises ServerNotFound.

    The findings of a text are asked of Compose once and remembered.
    """
    item = server_item(wiring.live().catalog.info(server_id))
    try:
        compose = async_to_sync(wiring.manager().get_instance(server_id).get_minecraft_compose)()
    except BadComposeFile as error:
        return item | _nothing(findings=[one.facts() | {"accepted": False} for one in error.problems])
    return item | _of_compose(compose) | {"findings": _findings(server_id)}


def _of_compose(compose: MCComposeFile) -> dict[str, Any]:
    return {
        "image": compose.image or None,
        "environment": {name: _masked(name, value) for name, value in compose.service.environment.items()},
        "ports": [
            {
                "host": port.host or None,
                "published": port.published.start if port.published else None,
                "target": port.target.start if port.target else None,
                "count": len(port.target),
                "protocol": port.protocol or None,
            }
            for port in compose.ports
        ],
        "volumes": [
            {"type": one.type, "source": one.source, "target": one.target, "readOnly": one.read_only}
            for one in compose.volumes
        ],
        "restart": compose.restart,
        "warnings": list(warnings_of(compose)),
    }


def _nothing(*, findings: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "image": None, "environment": {}, "ports": [], "volumes": [], "restart": None, "warnings": [],
        "findings": findings,
    }  # fmt: skip


def _findings(server_id: str) -> list[dict[str, Any]]:
    try:
        return async_to_sync(compose_safety.findings_now)(server_id)
    except BadComposeFile as error:
        return [one.facts() | {"accepted": False} for one in error.problems]
    except AppError as error:  # no Compose on this machine: what it would find is not known
        return [{"code": error.code, "message": str(error), "line": None, "file": None, "accepted": False}]


def _masked(name: str, value: str | None) -> str | None:
    secret = any(word in name.lower() for word in settings.MC_ADMIN.audit.sensitive_fields)
    return MASKED if secret and value else value
