"""What neither disk nor repository can tell about backups: who we are, what is in the making, what was promised."""

import uuid

from django.db import models

from backups.restic.labels import Scope


class PanelInstance(models.Model):
    """Who we are among the panels that share a repository: our snapshots carry the tag ``instance:<uuid>``."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    uuid = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_panel_instance")]

    def __str__(self) -> str:
        return str(self.uuid)


class SavingOff(models.Model):
    """The fact that a game does not save by itself now, for the sake of an operation.

    ``service`` is the game's in its server's compose file; "" where the server has no other.

    Written before ``save-off`` is sent and removed after ``save-on`` was answered. Whoever finds one whose
    operation has ended turns saving on. ``guarded_until`` keeps a new backup from beginning meanwhile.
    """

    server_id = models.CharField(max_length=63)
    service = models.CharField(max_length=255, blank=True)
    operation_id = models.UUIDField()
    container_id = models.CharField(max_length=64, blank=True)
    container_started_at = models.DateTimeField(null=True)
    since = models.DateTimeField()
    guarded_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "saving off"
        constraints = [models.UniqueConstraint(fields=["server_id", "service"], name="one_fact_a_game")]

    def __str__(self) -> str:
        return f"saving is off on {self.game} since {self.since:%Y-%m-%d %H:%M:%S}"

    @property
    def game(self) -> str:
        """The game's name for sentences."""
        return f"{self.service} of {self.server_id}" if self.service else self.server_id


class MadeSnapshot(models.Model):
    """What we knew when we had made a snapshot, and older restics do not keep.

    ``snapshot_id`` is the id it was made with: restic's ``original``, or its id where its tags never changed.
    """

    snapshot_id = models.CharField(max_length=64, primary_key=True)
    operation_id = models.UUIDField(db_index=True)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    summary = models.JSONField(default=dict)
    warnings = models.JSONField(default=list)
    missing = models.JSONField(default=list)
    worlds = models.JSONField(null=True, help_text="how many it holds of each server; null: made before that was known")
    lost = models.JSONField(default=list, help_text="what earlier ones held and it does not, a sentence each")
    lists = models.JSONField(default=dict, help_text="the lines of each server's list of what to leave out")
    notes = models.JSONField(default=list, help_text="what is to be said of these lists, a sentence each")

    def __str__(self) -> str:
        return self.snapshot_id[:8]


class Pin(models.Model):
    """A snapshot that stays; ``snapshot_id`` is restic's ``original``, or its id where it has none.

    ``pinned_by_role`` is the role that the person had then: what an owner pinned, no admin lets go.
    """

    snapshot_id = models.CharField(max_length=64, primary_key=True)
    pinned_by = models.CharField(max_length=150)
    pinned_by_role = models.CharField(max_length=16, default="owner")
    pinned_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.snapshot_id[:8]


class Drill(models.Model):
    """One restore drill: a snapshot restored to a scratch folder and looked at."""

    snapshot_id = models.CharField(max_length=64, db_index=True)
    server_id = models.CharField(max_length=63, db_index=True)
    operation_id = models.UUIDField(null=True)
    at = models.DateTimeField(db_index=True)
    passed = models.BooleanField(null=True, help_text="null: there was no world to look at")
    findings = models.JSONField(default=list)

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        outcome = "saw no world" if self.passed is None else "passed" if self.passed else "failed"
        return f"{self.snapshot_id[:8]} {outcome}"


class MissedRule(models.TextChoices):
    """What becomes of due times that passed while the panel was down."""

    SKIP = "skip"
    RUN_ONCE = "run_once"


class OverlapRule(models.TextChoices):
    """What happens when the server, or the repository, is busy at the due time."""

    SKIP = "skip"
    WAIT = "wait"


class Schedule(models.Model):
    """When snapshots are made by themselves, and what is kept of them."""

    cron = models.CharField(max_length=100)
    zone = models.CharField(max_length=64, default="UTC")
    scope = models.CharField(
        max_length=8, choices=[(one.value, one.value.capitalize()) for one in Scope], default=Scope.SERVER.value
    )
    server_id = models.CharField(max_length=63, blank=True, db_index=True)
    path = models.CharField(max_length=1024, blank=True)
    require_flushed = models.BooleanField(default=False)
    policy = models.JSONField(default=dict, help_text="keep_last, keep_hourly … applied after a good run; empty: none")
    missed = models.CharField(max_length=8, choices=MissedRule.choices, default=MissedRule.RUN_ONCE)
    overlap = models.CharField(max_length=8, choices=OverlapRule.choices, default=OverlapRule.WAIT)
    jitter_s = models.PositiveIntegerField(default=0)
    enabled = models.BooleanField(default=True)
    disabled_because = models.CharField(max_length=200, blank=True)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    looked_until = models.DateTimeField(help_text="due times up to here have their runs")

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.scope} {self.server_id} at {self.cron} ({self.zone})"


class RunState(models.TextChoices):
    """What became of one due time."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    MISSED = "missed"
    INTERRUPTED = "interrupted"


class ScheduleRun(models.Model):
    """One due time of a schedule. The constraint is the lock: two processes cannot both insert it."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="runs")
    due_at = models.DateTimeField()
    by_hand = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=RunState.choices, default=RunState.WAITING)
    owner = models.CharField(max_length=128, blank=True, help_text="host:pid:start of the process")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    operation_id = models.UUIDField(null=True)
    snapshot_id = models.CharField(max_length=64, blank=True)
    message = models.TextField(blank=True)

    class Meta:
        ordering = ("-due_at",)
        constraints = [models.UniqueConstraint(fields=("schedule", "due_at"), name="one_run_a_due_time")]

    def __str__(self) -> str:
        return f"{self.schedule_id} at {self.due_at:%Y-%m-%d %H:%M:%S} ({self.state})"
