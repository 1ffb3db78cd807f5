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
    can_cancel = models.BooleanField(default=False)
    cancelled_by = models.CharField(max_length=50, blank=True)
    error = models.TextField(blank=True)
    warnings = models.JSONField(default=list)
    result = models.JSONField(null=True)

    class Meta:
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"{self.kind} {self.server_id} ({self.state})"


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
