"""Schedules on the admin site: made and changed by the API's own rules, with what became of each run."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from backups import due_times, schedules, targets
from backups.models import Schedule
from backups.restic.labels import Scope
from mcadmin.admin_parts import pill, state_pill, when
from mcadmin.core.errors import AppError

KEEPS = ("keep_last", "keep_hourly", "keep_daily", "keep_weekly", "keep_monthly")
RUNS = 20


if TYPE_CHECKING:  # generic in the stubs only

    class _Form(forms.ModelForm[Schedule]): ...

else:
    _Form = forms.ModelForm


class ScheduleForm(_Form):
    """The fields of a schedule; its policy as numbers."""

    keep_last = forms.IntegerField(min_value=0, max_value=10_000, required=False, help_text="newest ones that stay")
    keep_hourly = forms.IntegerField(min_value=0, max_value=10_000, required=False)
    keep_daily = forms.IntegerField(min_value=0, max_value=10_000, required=False)
    keep_weekly = forms.IntegerField(min_value=0, max_value=10_000, required=False)
    keep_monthly = forms.IntegerField(min_value=0, max_value=10_000, required=False)

    class Meta:
        model = Schedule
        fields = [
            "enabled", "scope", "server_id", "path", "cron", "zone", "require_flushed", "missed", "overlap", "jitter_s",
        ]  # fmt: skip
        help_texts = {
            "cron": "minute hour day month weekday, such as 0 4 * * *",
            "zone": "Europe/Berlin, UTC",
            "server_id": "empty for all servers (scope global)",
            "path": "only with scope path",
            "jitter_s": "up to so many seconds later, so that not all begin at once",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in KEEPS:
            self.fields[name].initial = (self.instance.policy or {}).get(name) or None

    def clean(self) -> dict[str, Any]:
        """Hold the fields together against the rules of the API."""
        cleaned = super().clean() or {}
        try:
            due_times.check(cleaned.get("cron", ""), cleaned.get("zone", ""))
            scope, server_id, path = cleaned.get("scope"), cleaned.get("server_id", ""), cleaned.get("path", "")
            if bool(server_id) != (scope != Scope.GLOBAL) or bool(path) != (scope == Scope.PATH):
                raise forms.ValidationError(
                    "Scope server needs a server, path a server and a path, and global neither of them."
                )
            targets.find_past(settings.MC_ADMIN.server_path, server_id=server_id, path=path)
        except AppError as error:
            raise forms.ValidationError(str(error)) from None
        return cleaned

    def save(self, commit: bool = True) -> Schedule:  # noqa: FBT001, FBT002 - Django's signature
        """Store the policy; due times that have passed are not made up for."""
        kept = {name: self.cleaned_data[name] for name in KEEPS if self.cleaned_data.get(name)}
        self.instance.policy = kept
        self.instance.looked_until = datetime.now(UTC)
        self.instance.disabled_because = ""
        return super().save(commit)


@admin.register(Schedule)
class ScheduleAdmin(admin.ModelAdmin[Schedule]):
    """When snapshots are made by themselves."""

    form = ScheduleForm
    change_form_template = "mcadmin/admin/schedule.html"
    list_display = ["name", "what", "next_due", "last_run", "on"]
    list_filter = ["enabled", "scope"]
    show_facets = admin.ShowFacets.NEVER
    fieldsets = [
        (None, {"fields": [*ScheduleForm.Meta.fields]}),
        ("What stays of its snapshots after a good run (nothing filled in: everything)", {"fields": list(KEEPS)}),
    ]

    def save_model(self, request: HttpRequest, obj: Schedule, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        """Note who made it."""
        if not change:
            obj.created_by = request.user.get_username()
        super().save_model(request, obj, form, change)

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
