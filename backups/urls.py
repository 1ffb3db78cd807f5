"""HTTP routes of the backups app."""

from django.urls import path, register_converter

from backups.api.contents import DiffView, SnapshotFilesView
from backups.api.download import SnapshotDownloadView
from backups.api.restores import PreviewView, RestoreView, VerifyView
from backups.api.schedules import ScheduleRunView, SchedulesView, ScheduleView
from backups.api.snapshots import (
    HealthView,
    IgnoreView,
    RepositoryUsageView,
    ServerSnapshotsView,
    SnapshotsView,
    SnapshotView,
)
from backups.api.upkeep import CheckView, ForgetView, PruneView, UnlockView


class SnapshotIdConverter:
    """A snapshot's id, or at least the first 8 digits of it; anything else is 404 before a view sees it."""

    regex = "[0-9a-f]{8,64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(SnapshotIdConverter, "snapshot_id")

urlpatterns = [
    path("/snapshots", SnapshotsView.as_view()),
    path("/snapshots/repository-usage", RepositoryUsageView.as_view()),
    path("/snapshots/schedules", SchedulesView.as_view()),
    path("/snapshots/schedules/<int:n>", ScheduleView.as_view()),
    path("/snapshots/schedules/<int:n>/run", ScheduleRunView.as_view()),
    path("/snapshots/health", HealthView.as_view()),
    path("/snapshots/<snapshot_id:id>", SnapshotView.as_view()),
    path("/snapshots/<snapshot_id:id>/files", SnapshotFilesView.as_view()),
    path("/snapshots/<snapshot_id:id>/download", SnapshotDownloadView.as_view()),
    path("/snapshots/<snapshot_id:id>/verify", VerifyView.as_view()),
    path("/snapshots/<snapshot_id:id>/diff/<snapshot_id:other>", DiffView.as_view()),
    path("/snapshots/restore", RestoreView.as_view()),
    path("/snapshots/restore/preview", PreviewView.as_view()),
    path("/snapshots/forget", ForgetView.as_view()),
    path("/snapshots/prune", PruneView.as_view()),
    path("/snapshots/check", CheckView.as_view()),
    path("/snapshots/unlock", UnlockView.as_view()),
    path("/servers/<server_id:id>/snapshots", ServerSnapshotsView.as_view()),
    path("/servers/<server_id:id>/snapshots/ignore", IgnoreView.as_view()),
]
