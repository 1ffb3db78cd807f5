"""What servers use, over HTTP: every answer from memory, as the samplers last read it.

The answers are made by hand in the shapes that figure_serializers declares (and every test checks): pages ask for
them by the hundred, and serializers would cost more than all the rest.
"""

from collections.abc import Iterable, Mapping

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from servers import wiring
from servers.api import figure_serializers as shapes
from servers.docker.usage.counters import DeviceIO, MemoryUsage
from servers.live.metrics.container_metrics import Rates, ServerSample
from servers.live.metrics.monitoring import NoSampleYet

_CPU, _MEMORY = ("cpuPercentage",), ("memoryUsageBytes", "memory")
_MEMORY_FIELDS = {"kernel_bytes": "kernel", "limit_bytes": "limit", "peak_bytes": "peak", "oom_kills": "oomKills"}
_DISK = ("diskReadBytes", "diskWriteBytes", "diskReadBytesPerSecond", "diskWriteBytesPerSecond")
_NETWORK = (
    "networkReceiveBytes", "networkSendBytes", "networkReceiveBytesPerSecond", "networkSendBytesPerSecond",
)


class FiguresViewSet(ViewSet):
    """/servers/{id}/resources and its parts; 409 when the server does not run or has just started."""

    @extend_schema(operation_id="servers_resources", responses=shapes.ResourcesSerializer)
    def resources(self, request: Request, id: str) -> Response:
        """Return what the server uses of processor and memory."""
        sample = _complete(id)
        memory = sample.usage.memory
        return Response(
            {
                "cpuPercentage": sample.cpu_percent,
                "memoryUsageBytes": memory.working_set_bytes if memory else None,
                "memory": _memory(memory) if memory else None,
                "oomKills": memory.oom_kills if memory else None,
                "pids": sample.usage.pids,
                "sampledAt": sample.sampled_at,
                "reasons": _reasons(
                    sample.reasons, cpu=_CPU, memory=(*_MEMORY, "oomKills"), pids=("pids",)
                ) | _memory_reasons(memory),
            }
        )

    @extend_schema(operation_id="servers_cpu_percent", responses=shapes.CpuSerializer)
    def cpu_percent(self, request: Request, id: str) -> Response:
        """Return the server's processor use; 100 is one core."""
        sample = _complete(id)
        return Response({"cpuPercentage": sample.cpu_percent, "reasons": _reasons(sample.reasons, cpu=_CPU)})

    @extend_schema(operation_id="servers_memory", responses=shapes.MemorySerializer)
    def memory(self, request: Request, id: str) -> Response:
        """Return the server's working set."""
        sample = wiring.live().monitoring.sample(id)
        memory = sample.usage.memory
        used = memory.working_set_bytes if memory else None
        return Response({"memoryUsageBytes": used, "reasons": _reasons(sample.reasons, memory=_MEMORY[:1])})

    @extend_schema(operation_id="servers_iostats", responses=shapes.IoStatsSerializer)
    def iostats(self, request: Request, id: str) -> Response:
        """Return the server's traffic with disks and network."""
        sample = _complete(id)
        disk, network, rates = sample.usage.block_io, sample.network, sample.rates or Rates()
        return Response(
            {
                "diskReadBytes": disk.read_bytes if disk else None,
                "diskWriteBytes": disk.write_bytes if disk else None,
                "networkReceiveBytes": network.received_bytes if network else None,
                "networkSendBytes": network.sent_bytes if network else None,
                "diskReadBytesPerSecond": rates.disk_read,
                "diskWriteBytesPerSecond": rates.disk_write,
                "networkReceiveBytesPerSecond": rates.network_receive,
                "networkSendBytesPerSecond": rates.network_send,
                "devices": [_device(device) for device in disk.devices] if disk else [],
                "sampledAt": sample.sampled_at,
                "reasons": _reasons(sample.reasons, block_io=_DISK, network=_NETWORK),
            }
        )

    @extend_schema(operation_id="servers_disk_usage", responses=shapes.DiskUsageSerializer)
    def disk_usage(self, request: Request, id: str) -> Response:
        """Return how much the server's data holds; whatever its state."""
        sample = wiring.live().monitoring.disk_usage(id)
        return Response(
            {
                "diskUsageBytes": sample.used_bytes,
                "diskTotalBytes": sample.total_bytes,
                "diskAvailableBytes": sample.available_bytes,
                "measuredAt": sample.measured_at,
            }
        )


def _complete(server_id: str) -> ServerSample:
    """Return a sample that was read twice, so that it has rates; raises as ``sample`` does."""
    sample = wiring.live().monitoring.sample(server_id)
    if sample.rates is None:
        raise NoSampleYet(f"{server_id} has just started; its figures come within seconds. Ask again.")
    return sample


def _memory(memory: MemoryUsage) -> dict[str, int | None]:
    return {
        "anon": memory.anon_bytes,
        "file": memory.file_bytes,
        "kernel": memory.kernel_bytes,
        "total": memory.total_bytes,
        "workingSet": memory.working_set_bytes,
        "limit": memory.limit_bytes,
        "peak": memory.peak_bytes,
    }


def _device(device: DeviceIO) -> dict[str, int]:
    return {
        "major": device.major, "minor": device.minor, "rbytes": device.rbytes, "wbytes": device.wbytes,
        "rios": device.rios, "wios": device.wios,
    }


def _reasons(known: Mapping[str, str], **fields: Iterable[str]) -> dict[str, str]:
    """Return the reasons under the names of the answer's fields that they make null."""
    return {name: known[part] for part, names in fields.items() if part in known for name in names}


def _memory_reasons(memory: MemoryUsage | None) -> dict[str, str]:
    return {_MEMORY_FIELDS[name]: reason for name, reason in memory.reasons.items()} if memory else {}
