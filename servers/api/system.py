"""The host over HTTP, from memory; nothing here waits for a measurement but the very first one."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from servers import wiring
from servers.api import figure_serializers as shapes
from servers.api.figure_serializers import GB
from servers.host import HostFigures
from servers.live.metrics import backup_metrics


class SystemViewSet(ViewSet):
    """/system."""

    @extend_schema(operation_id="system_info", responses=shapes.SystemInfoSerializer)
    def info(self, request: Request) -> Response:
        """Describe this machine, its engine and its backups."""
        sample = wiring.live().monitoring.host()
        figures, backups = sample.figures, backup_metrics.figures()
        load1, load5, load15 = figures.load
        return Response(
            {
                "cpuLoad1Min": load1,
                "cpuLoad5Min": load5,
                "cpuLoad15Min": load15,
                "cpuPercentage": sample.cpu_percent,
                "cpuCount": figures.cpu_count,
                "ramUsedGB": figures.ram_used_bytes / GB,
                "ramTotalGB": figures.ram_total_bytes / GB,
                **_disk(figures),
                "backupUsedGB": _gb(backups.used_bytes),
                "backupTotalGB": _gb(backups.total_bytes),
                "backupAvailableGB": _gb(backups.available_bytes),
                "engine": _engine(),
                "restic": {
                    "version": backups.restic_version,
                    "configured": backups.configured,
                    "problem": backups.problem,
                    "confinedBy": None if backups.confined_by is None else list(backups.confined_by),
                    "warning": " ".join(filter(None, [backups.warning, backups.placement])) or None,
                },
            }
        )

    @extend_schema(operation_id="system_cpu_percent", responses=shapes.HostCpuSerializer)
    def cpu_percent(self, request: Request) -> Response:
        """Return the machine's processor use."""
        return Response({"cpuPercentage": wiring.live().monitoring.host().cpu_percent})

    @extend_schema(operation_id="system_disk_usage", responses=shapes.HostDiskSerializer)
    def disk_usage(self, request: Request) -> Response:
        """Return how full the file system of the servers is."""
        return Response(_disk(wiring.live().monitoring.host().figures))


def _disk(figures: HostFigures) -> dict[str, float]:
    return {
        "diskUsedGB": figures.disk_used_bytes / GB,
        "diskTotalGB": figures.disk_total_bytes / GB,
        "diskAvailableGB": figures.disk_available_bytes / GB,
    }


def _engine() -> dict[str, Any]:
    live = wiring.live()
    snapshot, version = live.engine.snapshot, live.monitoring.versions.engine
    return {
        "reachable": snapshot.reachable,
        "version": version.engine if version else None,
        "composeVersion": live.monitoring.versions.compose,
        "cgroupVersion": version.cgroup if version else None,
        "problem": snapshot.problem,
    }


def _gb(size_bytes: int | None) -> float | None:
    return None if size_bytes is None else size_bytes / GB
