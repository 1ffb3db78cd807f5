"""Snapshots on the admin site: what there is, and a button for one more. Restoring is the API's and the commands'."""

from datetime import datetime
from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from backups import wiring as backups_wiring
from backups.snapshots import payload
from core.errors import AppError
from web.admin_base import pill, size

SHOWN = 200
_LEVELS = {"flushed": "good", "stopped": "good", "unconfirmed": "warn", "live": "warn"}


def snapshots_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """List the newest snapshots; restic is asked when what is known is older than a minute."""
    problem, found = "", []
    try:
        found = payload.snapshot_payload(async_to_sync(backups_wiring.snapshot_cache().read)())
    except AppError as error:
        problem = str(error)
    wanted = request.GET.get("server", "")
    rows = [_row(one) for one in reversed(found) if not wanted or one["server_id"] == wanted]
    values = {
        **context, "title": "Snapshots", "snapshots": rows[:SHOWN], "count": len(rows), "problem": problem,
        "server": wanted, "can_back_up": not problem,
    }
    return TemplateResponse(request, "mcadmin/admin/snapshots.html", values)


def _row(snapshot: dict[str, Any]) -> dict[str, Any]:
    summary = snapshot["summary"] or {}
    level = snapshot["saved"]
    return {
        **snapshot,
        "at": datetime.fromisoformat(snapshot["time"]),
        "what": snapshot["server_id"] or ("everything" if snapshot["scope"] == "global" else "of another program"),
        "level": pill(level, _LEVELS.get(str(level), "idle")) if level else "",
        "size": size(summary.get("total_bytes_processed")),
        "toggle": "off" if snapshot["pinned"] else "on",
    }
