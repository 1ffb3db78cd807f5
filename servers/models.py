"""What the disk cannot tell about servers: operations, and who may change what now."""

import uuid

from django.db import models


class OperationState(models.TextChoices):
    """Where an operation stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"


class Operation(models.Model):
    """One thing that was done, or is being done, to a server or to the whole panel."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    server_id = models.CharField(max_length=63, db_index=True, blank=True, help_text="empty: of no single server")
    incarnation = models.PositiveIntegerField(default=1, help_text="which of the servers that had this id")
    kind = models.CharField(max_length=32)
    state = models.CharField(max_length=16, choices=OperationState.choices, default=OperationState.RUNNING)
    started_by = models.CharField(max_length=50)
    origin = models.CharField(max_length=16, help_text="api, admin, command, schedule")
    started_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True)
    output = models.TextField(blank=True)
    percent = models.FloatField(null=True)
    stage = models.CharField(max_length=200, blank=True, help_text="what it is doing now")
    bytes_done = models.BigIntegerField(null=True, help_text="of the present step; null: not known")
    bytes_total = models.BigIntegerField(null=True)
    eta_seconds = models.BigIntegerField(null=True, help_text="until the step is done, as its tool guesses")
    can_cancel = models.BooleanField(default=False)
    cancelled_by = models.CharField(max_length=50, blank=True)
    error = models.TextField(blank=True)
    warnings = models.JSONField(default=list)
    result = models.JSONField(null=True)

    class Meta:
        ordering = ("-started_at",)
        indexes = [
            models.Index(fields=["server_id", "-started_at"], name="operations_of_server"),
            models.Index(fields=["state", "-started_at"], name="operations_by_state"),
            models.Index(fields=["kind", "-started_at"], name="operations_by_kind"),
            models.Index(fields=["started_by", "-started_at"], name="operations_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.server_id} ({self.state})"

    @property
    def cancellable(self) -> bool:
        """Whether somebody may cancel it now."""
        return self.can_cancel and self.state == OperationState.RUNNING


class Upload(models.Model):
    """A resumable upload that is not finished; its bytes lie beside the place they are for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    server_id = models.CharField(max_length=64, db_index=True)
    path = models.BinaryField()  # of the file, as bytes: names need not be UTF-8
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    overwrite = models.BooleanField()
    created_by = models.CharField(max_length=50)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"upload of {self.size} bytes to {self.server_id}"


class Lease(models.Model):
    """The right to change one thing (``server:<id>``, ``repository``), held by the operation that changes it.

    The primary key is the lock: two processes cannot both insert it. A lease whose time has run out, or
    whose process is dead, is taken over and its operation marked as interrupted.
    """

    key = models.CharField(max_length=100, primary_key=True)
    operation = models.ForeignKey(Operation, on_delete=models.CASCADE)
    owner = models.CharField(max_length=128, help_text="host:pid:start of the process")
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key} by {self.owner}"


class AcceptedFindings(models.Model):
    """What an owner has accepted of one compose text: another byte, and it counts no more."""

    server_id = models.CharField(max_length=63)
    incarnation = models.PositiveIntegerField(default=1)
    text_hash = models.CharField(max_length=64, help_text="of all that Compose reads")
    codes = models.JSONField(default=list)
    accepted_by = models.CharField(max_length=50)
    accepted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server_id", "incarnation", "text_hash"], name="accepted_once_per_text")
        ]

    def __str__(self) -> str:
        return f"{self.server_id}: {', '.join(self.codes)} by {self.accepted_by}"


class ComposeRevision(models.Model):
    """A compose text that a server had; the numbers of one server count from 1."""

    server_id = models.CharField(max_length=63)
    incarnation = models.PositiveIntegerField(default=1)
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    username = models.CharField(max_length=50, blank=True, help_text="empty: found on the disk")
    message = models.CharField(max_length=500, blank=True)
    yaml_content = models.TextField()

    class Meta:
        ordering = ("-number",)
        constraints = [models.UniqueConstraint(fields=["server_id", "number"], name="one_text_a_number")]

    def __str__(self) -> str:
        return f"{self.server_id} {self.number} by {self.username or 'hand'}"


class Incarnation(models.Model):
    """Which of the servers that had an id one after the other it is now; without a row, the first."""

    server_id = models.CharField(max_length=63, primary_key=True)
    number = models.PositiveIntegerField(default=1)
    highest = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.server_id}: {self.number}"


class RemovedServer(models.Model):
    """A server that was moved to ``.removed/``."""

    removed_as = models.CharField(max_length=120, primary_key=True, help_text="name below .removed/")
    server_id = models.CharField(max_length=63)
    incarnation = models.PositiveIntegerField(default=1)
    removed_at = models.DateTimeField()
    removed_by = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.removed_as


class ObservedContainer(models.Model):
    """What was observed of a container and the engine itself soon forgets; a row goes with its container."""

    container_id = models.CharField(max_length=64, primary_key=True)
    situation = models.CharField(max_length=120, blank=True, help_text="state, health and start that `since` is of")
    since = models.DateTimeField(null=True)
    exit_code = models.IntegerField(null=True)
    cause = models.CharField(max_length=16, blank=True)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.container_id[:12]}: {self.situation}"


class MinuteFigures(models.Model):
    """What a server, or the host, used in one minute on average; null is "not known"."""

    server_id = models.CharField(max_length=63, blank=True, help_text="empty: the host")
    at = models.DateTimeField(db_index=True, help_text="beginning of the minute")
    cpu_percent = models.FloatField(null=True)
    memory_bytes = models.FloatField(null=True)
    disk_bytes = models.FloatField(null=True)
    players = models.FloatField(null=True, help_text="the most of that minute")
    disk_read = models.FloatField(null=True, help_text="bytes a second, as the three below")
    disk_write = models.FloatField(null=True)
    network_receive = models.FloatField(null=True)
    network_send = models.FloatField(null=True)
    load = models.FloatField(null=True, help_text="of the host alone")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["server_id", "at"], name="one_row_a_minute")]

    def __str__(self) -> str:
        return f"{self.server_id or 'host'} at {self.at:%Y-%m-%d %H:%M}"


class PanelPort(models.Model):
    """A TCP port that the panel listens on; no server may publish it, on whatever address."""

    port = models.PositiveIntegerField(primary_key=True)
    owner = models.CharField(max_length=128, help_text="the process that listens there: core.process_identity")

    def __str__(self) -> str:
        return str(self.port)


class PanelPlace(models.Model):
    """Where the processes run that share this database; true while one of them holds the lock beside it."""

    only = models.PositiveSmallIntegerField(primary_key=True, default=1, help_text="always 1: there is one row")
    machine = models.CharField(max_length=64, help_text="boot id of its kernel")
    host = models.CharField(max_length=255, help_text="its name then, for people")
    engine = models.CharField(max_length=128, blank=True, help_text="the engine's id; empty: not known")
    server_path = models.TextField()

    def __str__(self) -> str:
        return f"{self.host}: {self.server_path}"
