"""The front page of the admin site: what needs attention, the figures at a glance, what happened lately."""

from typing import Any

from django.urls import reverse

from audit.models import AuditEvent
from core.paths import disk_space
from mcadmin import attention
from mcadmin.admin_site.servers import list_servers, with_sentences
from servers.minecraft.status import ANSWERING
from servers.models import Operation
from web.admin_base import size, when

SHOWN = 8
_READS = ("GET", "SOCKET")  # reads with the master token: of interest in the audit, not here


def read() -> dict[str, Any]:
    """Return what the page shows."""
    servers = list_servers()
    backups = attention.read_last_backups(servers)
    return {
        "attention": [{"item": item, "url": _url(item)} for item in attention.collect(servers, backups)],
        "tiles": _tiles(servers, backups),
        "servers": servers,
        "operations": Operation.objects.all()[:SHOWN],
        "events": with_sentences(AuditEvent.objects.exclude(method__in=_READS)[:SHOWN]),
    }


def _url(item: attention.Item) -> str:
    """Return the page of the admin site where a matter is looked at; empty where there is none."""
    if item.operation:
        return reverse("admin:servers_operation_change", args=[item.operation])
    return reverse("admin:server", args=[item.server_id]) if item.server_id else ""


def _tiles(servers: list[dict[str, Any]], backups: attention.LastBackups) -> list[dict[str, Any]]:
    running = sum(server["status"] in ANSWERING for server in servers)
    online = sum(server["players"] or 0 for server in servers)
    last = max(backups.at.values(), default=None)
    none = "unknown" if backups.problem else "none"
    tiles: list[dict[str, Any]] = [
        {"name": "Servers running", "value": running, "of": f"of {len(servers)}", "share": None},
        {"name": "Players online", "value": online, "of": "", "share": None},
        {"name": "Last whole backup", "value": when(last) if last else none, "of": "", "share": None},
    ]
    for name, path in attention.disks()[:1]:
        total, free = disk_space(path)
        share = round(100 * (1 - free / total)) if total else None
        tiles.append({"name": f"Free for {name}", "value": size(free), "of": f"of {size(total)}", "share": share})
    return tiles
