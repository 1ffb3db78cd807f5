"""The audit log in the database: what the log file says, to be searched."""

from django.db import models


class AuditEvent(models.Model):
    """One thing that somebody did or tried; never changed, except for the ``count`` of reads.

    ``sequence`` has no gaps, and each row carries the hash of the one before (audit.chain), so that a row
    changed, deleted or moved behind the panel's back shows.
    """

    sequence = models.BigIntegerField(unique=True)
    timestamp = models.DateTimeField(db_index=True)
    method = models.CharField(max_length=16)
    path = models.CharField(max_length=2048)
    status_code = models.PositiveSmallIntegerField("status", null=True)
    result = models.CharField(max_length=32, blank=True, default="")  # client_left, else empty
    success = models.BooleanField()
    processing_time_ms = models.FloatField("took (ms)", null=True)
    client_ip = models.GenericIPAddressField("address", null=True)
    user_agent = models.CharField(max_length=512, null=True)  # noqa: DJ001 - null: none was sent
    user_id = models.BigIntegerField(null=True)
    username = models.CharField("who", max_length=150, db_index=True)
    role = models.CharField(max_length=16)
    path_params = models.JSONField(default=dict)
    query_params = models.JSONField(default=dict)
    request_body = models.JSONField(null=True)
    server_id = models.CharField("server", max_length=64, blank=True, db_index=True)
    request_id = models.CharField(max_length=64, blank=True, db_index=True)
    count = models.PositiveIntegerField("times", default=1)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-sequence"]
        verbose_name = "audit event"
        verbose_name_plural = "audit events"

    def __str__(self) -> str:
        return f"{self.timestamp:%Y-%m-%d %H:%M:%S} {self.username} {self.method} {self.path}"


class ChainHead(models.Model):
    """The one row that knows where the chain ends and where, after pruning, it begins; locked while rows are added."""

    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)
    pruned_sequence = models.BigIntegerField(default=0)
    pruned_hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.sequence} {self.hash}"


class AuditFailure(models.Model):
    """How many events one day could not be written at once, by place; what ``doctor`` reads in another process."""

    day = models.DateField()
    place = models.CharField(max_length=16)
    late = models.PositiveIntegerField(default=0)
    lost = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "place"], name="one_row_a_day_and_place")]

    def __str__(self) -> str:
        return f"{self.day} {self.place}: {self.late} late, {self.lost} lost"
