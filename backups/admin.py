"""Schedules on the admin site: made and changed by the API's own rules, with what became of each run."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.identity import who
from backups.models import Schedule
from backups.restic.retention import MAX_KEPT
from backups.schedules import planning
from backups.schedules import runs as schedules
from backups.schedules.planning import KEEPS, ScheduleRequest
from core.errors import AppError
from web.admin_base import RoomAdmin, pill, state_pill, when

FIELDS = [
    "enabled", "scope", "server_id", "path", "cron", "zone", "require_flushed", "missed", "overlap", "jitter_s",
]
RUNS = 20


if TYPE_CHECKING:  # generic in the stubs only

    class _Form(forms.ModelForm[Schedule]): ...

else:
    _Form = forms.ModelForm


class _Keep(forms.IntegerField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=MAX_KEPT, required=False, **kwargs)


class ScheduleForm(_Form):
    """The fields of a schedule; its policy as numbers. What it may be is judged by ``backups.schedules.planning``."""

    keep_last = _Keep(help_text="newest ones that stay")
    keep_hourly = _Keep()
    keep_daily = _Keep()
    keep_weekly = _Keep()
    keep_monthly = _Keep()

    class Meta:
        model = Schedule
        fields = FIELDS
        help_texts = {
            "cron": "minute hour day month weekday, such as 0 4 * * *",
            "zone": "Europe/Berlin, UTC",
            "server_id": "empty for all servers (scope global)",
            "path": "only with scope path",
            "jitter_s": f"up to so many seconds later ({planning.MAX_JITTER_S} at most), so that not all begin at once",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in KEEPS:
            self.fields[name].initial = (self.instance.policy or {}).get(name) or None

    def clean(self) -> dict[str, Any]:
        """Show what speaks against the schedule before anything is written."""
        cleaned = super().clean() or {}
        if not self.errors:  # of the fields' own
            try:
                planning.check(self.wanted())
            except AppError as error:
                raise forms.ValidationError(str(error), error.code) from None
        return cleaned

    def wanted(self) -> ScheduleRequest:
        """Return what the form says; a policy in which nothing is filled in is none."""
        values = {name: self.cleaned_data[name] for name in FIELDS}
        policy = {name: self.cleaned_data[name] for name in KEEPS if self.cleaned_data[name]}
        return ScheduleRequest(**values, policy=policy)


@admin.register(Schedule)
class ScheduleAdmin(RoomAdmin):
    """When snapshots are made by themselves."""

    form = ScheduleForm
    change_form_template = "mcadmin/admin/schedule.html"
    list_display = ["name", "what", "next_due", "last_run", "on"]
    list_filter = ["enabled", "scope"]
    show_facets = admin.ShowFacets.NEVER
    fieldsets = [
        (None, {"fields": [*FIELDS]}),
        ("What stays of its snapshots after a good run (nothing filled in: everything)", {"fields": list(KEEPS)}),
    ]

    def store(self, request: HttpRequest, row: Schedule, form: Any, *, is_new: bool) -> Schedule:
        """Make or change it by the API's own rules."""
        by = who(request)
        return planning.create(form.wanted(), by=by) if is_new else planning.replace(row.pk, form.wanted(), by=by)

    def remove(self, request: HttpRequest, row: Schedule) -> None:
        """Delete it by the API's own rules."""
        by = who(request)
        planning.delete(row.pk, by=by)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show the last runs beneath the form."""
        schedule = self.get_object(request, object_id)
        runs = list(schedule.runs.all()[:RUNS]) if schedule else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "runs": runs})

    @admin.display(description="when")
    def name(self, schedule: Schedule) -> str:
        return f"{schedule.cron} {schedule.zone}"

    @admin.display(description="what")
    def what(self, schedule: Schedule) -> str:
        return f"{schedule.server_id} {schedule.path}".strip() or "everything"

    @admin.display(description="next")
    def next_due(self, schedule: Schedule) -> SafeString:
        return when(schedules.next_due(schedule))

    @admin.display(description="last run")
    def last_run(self, schedule: Schedule) -> SafeString:
        run = schedule.runs.first()
        return state_pill(run.state) if run else SafeString("-")

    @admin.display(description="state", ordering="enabled")
    def on(self, schedule: Schedule) -> SafeString:
        if schedule.enabled and not schedule.disabled_because:
            return pill("on", "good")
        return pill(schedule.disabled_because or "off", "bad" if schedule.enabled else "idle")
