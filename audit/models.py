"""The audit log in the database: what the log file says, to be searched."""

from django.db import models


class AuditEvent(models.Model):
    """One thing that somebody did or tried; never changed, except for the ``count`` of reads."""

    timestamp = models.DateTimeField(db_index=True)
    method = models.CharField(max_length=16)
    path = models.CharField(max_length=2048)
    status_code = models.PositiveSmallIntegerField(null=True)
    success = models.BooleanField()
    processing_time_ms = models.FloatField(null=True)
    client_ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=512, null=True)  # noqa: DJ001 - null: none was sent
    user_id = models.BigIntegerField(null=True)
    username = models.CharField(max_length=150, db_index=True)
    role = models.CharField(max_length=16)
    path_params = models.JSONField(default=dict)
    query_params = models.JSONField(default=dict)
    request_body = models.JSONField(null=True)
    server_id = models.CharField(max_length=64, blank=True, db_index=True)
    request_id = models.CharField(max_length=64, blank=True)
    count = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-timestamp", "-id"]
        verbose_name = "audit event"

    def __str__(self) -> str:
        return f"{self.timestamp:%Y-%m-%d %H:%M:%S} {self.username} {self.method} {self.path}"
