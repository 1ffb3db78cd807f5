"""What the disk cannot tell about servers: operations, and who may change a server now."""

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
    """One thing that was done to a server, or is being done."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    server_id = models.CharField(max_length=63, db_index=True)
    kind = models.CharField(max_length=32)
    state = models.CharField(max_length=16, choices=OperationState.choices, default=OperationState.RUNNING)
    started_by = models.CharField(max_length=50)
    origin = models.CharField(max_length=16, help_text="api, admin, command, schedule")
    started_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True)
    output = models.TextField(blank=True)
    error = models.TextField(blank=True)
    warnings = models.JSONField(default=list)
    result = models.JSONField(null=True)

    class Meta:
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"{self.kind} {self.server_id} ({self.state})"


class ServerLease(models.Model):
    """The right to change one server, held by the operation that changes it.

    The primary key is the lock: two processes cannot both insert it. A lease whose time has run out, or
    whose process is dead, is taken over and its operation marked as interrupted.
    """

    server_id = models.CharField(max_length=63, primary_key=True)
    operation = models.ForeignKey(Operation, on_delete=models.CASCADE)
    owner = models.CharField(max_length=128, help_text="host:pid:start of the process")
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.server_id} by {self.owner}"
