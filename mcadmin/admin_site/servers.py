"""Servers on the admin site: how they are now, and the same operations that the API has."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from audit.models import AuditEvent
from audit.sentences import sentence
from backups import wiring as backups_wiring
from servers import wiring
from servers.api.items import server_item
from servers.changes.actions import Action
from servers.minecraft.instance import ServerNotFound
from servers.minecraft.manager import is_server_id
from servers.minecraft.status import MCServerStatus
from servers.models import Operation, OperationState
from web.admin_base import size, when

Context = dict[str, Any]


_RUNNING = frozenset({MCServerStatus.RUNNING, MCServerStatus.STARTING, MCServerStatus.HEALTHY})
_EXISTS, _CREATED = frozenset({MCServerStatus.EXISTS}), frozenset({MCServerStatus.CREATED})


@dataclass(frozen=True, kw_only=True)
class Button:
    """One action as it is offered.

    Attributes:
        when: the statuses in which it is.
        on_card: whether a server's card offers it, too.
        asks: the question that comes first, where players would notice.
    """

    action: Action
    word: str
    when: frozenset[MCServerStatus]
    on_card: bool = False
    tone: str = ""
    asks: str = ""


_BUTTONS = [
    Button(action=Action.UP, word="Start", when=_EXISTS, on_card=True, tone="main"),
    Button(action=Action.START, word="Start", when=_CREATED, on_card=True, tone="main"),
    Button(
        action=Action.STOP, word="Stop", when=_RUNNING, on_card=True,
        asks="Stop {id}? Whoever plays is disconnected; the world is saved first.",
    ),
    Button(
        action=Action.RESTART, word="Restart", when=_RUNNING, on_card=True,
        asks="Restart {id}? Whoever plays is disconnected for a moment.",
    ),
    Button(action=Action.PULL, word="Pull image", when=_EXISTS | _CREATED | _RUNNING),
    Button(
        action=Action.DOWN, word="Down", when=_CREATED | _RUNNING,
        asks="Take {id} down? It is stopped and its container removed; the world stays.",
    ),
    Button(
        action=Action.KILL, word="Kill", when=_RUNNING, tone="danger",
        asks="Kill {id}? It ends at once without saving: the last minutes of play may be lost.",
    ),
    Button(
        action=Action.REMOVE, word="Remove", when=_EXISTS, tone="danger",
        asks="Remove {id}? Its directory is moved to .removed/ and can be brought back with: manage.py restore_removed",
    ),
]


def list_servers() -> list[Context]:
    """Return every server as the API shows it, with what may be done to it and what is being done."""
    running = {row.server_id: row for row in Operation.objects.filter(state=OperationState.RUNNING)}
    return [_row(info, running) for info in wiring.live().catalog.all()]


def servers_page(request: HttpRequest, context: Context) -> HttpResponse:
    """Show all servers."""
    snapshot = wiring.live().engine.snapshot
    engine = "" if snapshot.reachable else snapshot.problem or "The Docker engine cannot be reached."
    values = {**context, "title": "Servers", "servers": list_servers(), "engine": engine}
    return TemplateResponse(request, "mcadmin/admin/servers.html", values)


def server_page(request: HttpRequest, context: Context, server_id: str) -> HttpResponse:
    """Show one server."""
    server = _find(server_id)
    values = {
        **context,
        "title": server_id,
        "server": server,
        "can_back_up": backups_wiring.is_configured(),
        "facts": _facts(server),
        "operations": Operation.objects.filter(server_id=server_id)[:8],
        "events": with_sentences(AuditEvent.objects.filter(server_id=server_id)[:8]),
    }
    return TemplateResponse(request, "mcadmin/admin/server.html", values)


def confirm_page(request: HttpRequest, context: Context, server_id: str, action: str) -> HttpResponse:
    """Ask before players notice."""
    server = _find(server_id)
    button = next((one for one in server["all_actions"] if one.action.value == action), None)
    if button is None:  # its state has changed meanwhile
        messages.warning(request, f"{server_id} is {server['status']} now: there is nothing to {action}.")
        return HttpResponseRedirect(reverse("admin:server", args=[server_id]))
    values = {
        **context, "title": f"{button.word} {server_id}", "sentence": button.asks.format(id=server_id),
        "word": button.word, "do": f"server:{server_id}:{action}", "back_name": server_id,
        "back": reverse("admin:server", args=[server_id]),
    }
    return TemplateResponse(request, "mcadmin/admin/confirm.html", values)


def with_sentences(events: Iterable[AuditEvent]) -> list[AuditEvent]:
    """Return the events, each with ``what`` it says in words."""
    found = list(events)
    for event in found:
        event.what = sentence(event)  # type: ignore[attr-defined]  # for the page
    return found


def _find(server_id: str) -> Context:
    if not is_server_id(server_id):
        raise Http404
    try:
        info = wiring.live().catalog.info(server_id)
    except ServerNotFound as error:
        raise Http404(str(error)) from None
    running = Operation.objects.filter(state=OperationState.RUNNING, server_id=server_id).first()
    return _row(info, {server_id: running} if running else {})


def _row(info: Any, running: dict[str, Operation]) -> Context:
    item = server_item(info)
    buttons = [one for one in _BUTTONS if item["status"] in one.when]
    players = item["onlinePlayers"]
    used, most = item["memoryUsageBytes"], item["maxMemoryBytes"]
    memory = f"{size(used)} of {size(most)}" if used is not None else (size(most) if most else "")
    return {
        **item,
        "players": None if players is None else len(players),
        "memory": memory,
        "busy": running.get(info.id),
        "actions": [one for one in buttons if one.on_card],
        "all_actions": buttons,
    }


def _facts(server: Context) -> list[tuple[str, Any]]:
    online = server["onlinePlayers"]
    cpu = server["cpuPercentage"]
    facts = [
        ("Players", None if online is None else (", ".join(online) or "nobody")),
        ("Type", server["serverType"].title()),
        ("Version", server["gameVersion"]),
        ("Java", server["javaVersion"]),
        ("Game port", server["gamePort"]),
        ("RCON port", server["rconPort"]),
        ("Memory", server["memory"]),
        ("CPU", None if cpu is None else f"{cpu:.0f} %"),
        ("World and files", None if server["diskUsageBytes"] is None else size(server["diskUsageBytes"])),
        ("Since", when(server["since"]) if server["since"] else None),
    ]
    return [(name, value) for name, value in facts if value not in (None, "")]
