"""An export that is made in the background: what was asked for, how far it is, and where its file lies."""

from django.db import models
from django.db.models import Q

from regions.leased_jobs import LeasedJob
from regions.transitions import TransitionTable


class ExportJob(LeasedJob):
    """``name`` is random: the address of the export's page, and the beginning of its file's name below ``MEDIA_ROOT``.

    ``rows_total`` is none where it is not known before all rows are read. The file is removed at ``expires_at``; the row stays.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        WRITING = "writing"
        DONE = "done"
        FAILED = "failed"
        EXPIRED = "expired"

    WAITING, AT_WORK = State.WAITING, State.WRITING
    TRANSITIONS = TransitionTable.of(
        ((WAITING, AT_WORK), "claim", AT_WORK),
        (AT_WORK, "give_back", WAITING),
        (AT_WORK, "finish", State.DONE),
        (AT_WORK, "fail", State.FAILED),
        (State.DONE, "expire", State.EXPIRED),
    )

    name = models.TextField(unique=True)
    report = models.TextField()
    file_format = models.TextField()
    first = models.DateField(null=True)
    last = models.DateField(null=True)
    only = models.JSONField(default=dict, help_text="what the rows are narrowed to")
    identified = models.BooleanField(default=False)
    purpose = models.TextField(blank=True)
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    state = models.TextField(choices=State.choices, default=State.WAITING)
    rows_done = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(null=True)
    file = models.TextField(blank=True, help_text="its name in the city's folder of exports")
    size = models.BigIntegerField(null=True, help_text="bytes")
    manifest = models.JSONField(null=True)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    message = models.TextField(blank=True, help_text="why it failed")

    class Meta:
        indexes = [
            models.Index(fields=["asked_by", "-id"]),
            models.Index(
                fields=["state"], condition=Q(state__in=["waiting", "writing", "done"]), name="export_job_open"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "writing", "done", "failed", "expired"]),
                name="export_job_state_is_known",
            ),
            models.CheckConstraint(condition=~Q(asked_by=""), name="export_job_has_an_asker"),
            models.CheckConstraint(
                condition=Q(identified=False) | ~Q(purpose=""), name="identified_export_has_a_purpose"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["done", "expired"])
                | Q(manifest__isnull=False, size__isnull=False, ended_at__isnull=False, expires_at__isnull=False)
                & ~Q(file=""),
                name="finished_export_has_its_file",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(message=""), name="failed_export_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.report} for {self.asked_by}"
