"""What the buttons of the admin site do: the same operations that the API and the commands have."""

import uuid
from collections.abc import Callable

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.identity import who
from backups.schedules import planning, runs
from backups.snapshots import create, known, pins
from core import tasks
from core.errors import AppError
from servers.changes import actions, compose
from servers.changes.actions import Action
from servers.changes.compose_safety import Acceptance
from servers.minecraft.manager import is_server_id
from servers.models import Operation
from servers.operations import runner
from servers.operations.caller import Caller, Origin

Act = Callable[[HttpRequest, str, str], str]


def dispatch(request: HttpRequest) -> HttpResponse:
    """Do what a button says, ``<kind>:<name>:<action>``, and go where it shows."""
    kind, _, rest = request.POST.get("do", "").partition(":")
    name, _, action = rest.rpartition(":")
    if request.method != "POST" or kind not in ACTS:
        raise Http404
    try:
        return HttpResponseRedirect(ACTS[kind](request, name, action))
    except AppError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(_back(request))


def _server(request: HttpRequest, name: str, action: str) -> str:
    if not is_server_id(name) or action not in {one.value for one in Action}:
        raise Http404

    async def start() -> Operation:
        job = await actions.action_job(name, Action(action), acceptance=_acceptance(request))
        return await runner.start(job)

    return _page(async_to_sync(start)())


def _operation(request: HttpRequest, name: str, action: str) -> str:
    try:
        operation_id = uuid.UUID(name)
    except ValueError:
        raise Http404 from None
    if action != "cancel":
        raise Http404
    return _page(async_to_sync(runner.cancel)(operation_id, by=_username(request)))


def _revision(request: HttpRequest, name: str, action: str) -> str:
    if not is_server_id(name) or not action.isdecimal():
        raise Http404

    async def start() -> Operation:
        job = await compose.restore_job(
            name, int(action), acceptance=_acceptance(request)
        )
        return await runner.start(job)

    return _page(async_to_sync(start)())


def _backup(request: HttpRequest, name: str, action: str) -> str:
    """Back one server up, or with an empty name everything."""
    if (name and not is_server_id(name)) or action != "now":
        raise Http404
    job = create.snapshot_job(create.SnapshotRequest(server_id=name), by=_caller(request))
    return _page(async_to_sync(runner.start)(job))


def _schedule(request: HttpRequest, name: str, action: str) -> str:
    try:
        schedule = planning.read(int(name) if name.isascii() and name.isdecimal() and len(name) < 10 else 0)
    except planning.ScheduleNotFound as error:
        raise Http404(str(error)) from None
    if action == "run":
        run_id = runs.begin_by_hand(schedule, by=who(request))

        async def begin() -> None:
            tasks.start(runs.execute(run_id))

        async_to_sync(begin)()
    elif action in {"on", "off"}:
        planning.switch(schedule.pk, is_on=action == "on", by=who(request))
    else:
        raise Http404
    return reverse("admin:backups_schedule_change", args=[schedule.pk])


def _pin(request: HttpRequest, name: str, action: str) -> str:
    if not name or set(name) - set("0123456789abcdef") or action not in {"on", "off"}:
        raise Http404
    change = pins.pin if action == "on" else pins.unpin
    change(known.find(name), by=who(request))
    return reverse("admin:snapshots")


ACTS: dict[str, Act] = {
    "server": _server, "operation": _operation, "revision": _revision, "backup": _backup, "schedule": _schedule,
    "pin": _pin,
}


def _username(request: HttpRequest) -> str:
    return request.user.get_username()


def _caller(request: HttpRequest) -> Caller:
    return Caller(_username(request), Origin.ADMIN, is_owner=True)  # the site is for owners only


def _acceptance(request: HttpRequest) -> Acceptance:
    """Return who asks; what a safety finding forbids is not accepted by pressing a button."""
    return Acceptance(by=_caller(request))


def _page(operation: Operation) -> str:
    return reverse("admin:servers_operation_change", args=[operation.pk])


def _back(request: HttpRequest) -> str:
    """Return the page that the button was on."""
    before = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(before, allowed_hosts={request.get_host()}, require_https=False)
    return before if is_ours else reverse("admin:index")
