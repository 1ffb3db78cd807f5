"""The shapes of figures: what servers and this machine use. What could not be read is null and has its reason."""

from typing import Any

from rest_framework import serializers

GB = 1024**3


class ReasonsSerializer(serializers.Serializer[Any]):
    """Answers with figures that some hosts do not count."""

    reasons = serializers.DictField(
        child=serializers.CharField(), help_text="Why a figure is null, by its name: a sentence. Usually empty."
    )


class CpuSerializer(ReasonsSerializer):
    """CPU use over the last few seconds; 100 is one core, so it may exceed 100."""

    cpuPercentage = serializers.FloatField(allow_null=True)  # noqa: N815 - the API's names, here and below


class MemorySerializer(ReasonsSerializer):
    """The working set: memory held without the page cache that the kernel can take back."""

    memoryUsageBytes = serializers.IntegerField(allow_null=True)  # noqa: N815


class MemoryDetailsSerializer(serializers.Serializer[Any]):
    """Memory by kind, in bytes; ``limit`` is null when there is none."""

    anon = serializers.IntegerField()
    file = serializers.IntegerField()
    kernel = serializers.IntegerField(allow_null=True)
    total = serializers.IntegerField()
    workingSet = serializers.IntegerField()  # noqa: N815
    limit = serializers.IntegerField(allow_null=True)
    peak = serializers.IntegerField(allow_null=True)


class ResourcesSerializer(CpuSerializer, MemorySerializer):
    """Everything a running server uses except traffic."""

    memory = MemoryDetailsSerializer(allow_null=True)
    oomKills = serializers.IntegerField(allow_null=True)  # noqa: N815
    pids = serializers.IntegerField(allow_null=True)
    sampledAt = serializers.DateTimeField()  # noqa: N815


class DeviceSerializer(serializers.Serializer[Any]):
    """Bytes and operations on one block device since the container's start."""

    major = serializers.IntegerField()
    minor = serializers.IntegerField()
    rbytes = serializers.IntegerField()
    wbytes = serializers.IntegerField()
    rios = serializers.IntegerField()
    wios = serializers.IntegerField()


class IoStatsSerializer(ReasonsSerializer):
    """Traffic since the container's start, and per second over the last few seconds."""

    diskReadBytes = serializers.IntegerField(allow_null=True)  # noqa: N815
    diskWriteBytes = serializers.IntegerField(allow_null=True)  # noqa: N815
    networkReceiveBytes = serializers.IntegerField(allow_null=True)  # noqa: N815
    networkSendBytes = serializers.IntegerField(allow_null=True)  # noqa: N815
    diskReadBytesPerSecond = serializers.FloatField(allow_null=True)  # noqa: N815
    diskWriteBytesPerSecond = serializers.FloatField(allow_null=True)  # noqa: N815
    networkReceiveBytesPerSecond = serializers.FloatField(allow_null=True)  # noqa: N815
    networkSendBytesPerSecond = serializers.FloatField(allow_null=True)  # noqa: N815
    devices = DeviceSerializer(many=True)
    sampledAt = serializers.DateTimeField()  # noqa: N815


class DiskUsageSerializer(serializers.Serializer[Any]):
    """What ``data/`` holds, and its file system, as last measured."""

    diskUsageBytes = serializers.IntegerField()  # noqa: N815
    diskTotalBytes = serializers.IntegerField()  # noqa: N815
    diskAvailableBytes = serializers.IntegerField()  # noqa: N815
    measuredAt = serializers.DateTimeField()  # noqa: N815


class EngineSerializer(serializers.Serializer[Any]):
    """The Docker engine and Compose; versions are null until they are known."""

    reachable = serializers.BooleanField()
    version = serializers.CharField(allow_null=True)
    composeVersion = serializers.CharField(allow_null=True)  # noqa: N815
    cgroupVersion = serializers.CharField(allow_null=True)  # noqa: N815
    problem = serializers.CharField(allow_null=True)


class ResticSerializer(serializers.Serializer[Any]):
    """The backup program; ``confinedBy`` is null until it is known, and empty with a ``warning`` if nothing can.

    ``warning`` also says when the repository lies on the servers' own disk.
    """

    version = serializers.CharField(allow_null=True)
    configured = serializers.BooleanField()
    problem = serializers.CharField(allow_null=True)
    confinedBy = serializers.ListField(  # noqa: N815
        child=serializers.ChoiceField(["landlock", "mounts"]), allow_null=True
    )
    warning = serializers.CharField(allow_null=True)


class HostCpuSerializer(serializers.Serializer[Any]):
    """CPU use of the whole machine over the last few seconds, 0 to 100."""

    cpuPercentage = serializers.FloatField()  # noqa: N815


class HostDiskSerializer(serializers.Serializer[Any]):
    """The file system that holds the servers; available = total - used."""

    diskUsedGB = serializers.FloatField()  # noqa: N815
    diskTotalGB = serializers.FloatField()  # noqa: N815
    diskAvailableGB = serializers.FloatField()  # noqa: N815


class SystemInfoSerializer(HostCpuSerializer, HostDiskSerializer):
    """The host. GB means 1024^3 bytes; the backup figures are null when backups are not configured."""

    cpuLoad1Min = serializers.FloatField()  # noqa: N815
    cpuLoad5Min = serializers.FloatField()  # noqa: N815
    cpuLoad15Min = serializers.FloatField()  # noqa: N815
    cpuCount = serializers.IntegerField()  # noqa: N815
    ramUsedGB = serializers.FloatField()  # noqa: N815
    ramTotalGB = serializers.FloatField()  # noqa: N815
    backupUsedGB = serializers.FloatField(allow_null=True)  # noqa: N815
    backupTotalGB = serializers.FloatField(allow_null=True)  # noqa: N815
    backupAvailableGB = serializers.FloatField(allow_null=True)  # noqa: N815
    engine = EngineSerializer()
    restic = ResticSerializer()
