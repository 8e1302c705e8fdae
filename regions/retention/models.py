"""The records of daily sweeps."""

from typing import Any

from django.db import models
from django.db.models import Q

from regions.leased_jobs import ReportedJob
from regions.transitions import TransitionTable


class RetentionSweep(ReportedJob):
    """One day's sweep. ``found`` maps each class to the rows swept, the expired rows that are still needed, and the oldest row."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SWEEPING = "sweeping"
        DONE = "done"
        FAILED = "failed"

    WAITING, AT_WORK = State.WAITING, State.SWEEPING
    TRANSITIONS = TransitionTable.of(
        ((WAITING, AT_WORK), "claim", AT_WORK),
        (AT_WORK, "give_back", WAITING),
        (AT_WORK, "finish", State.DONE),
        (AT_WORK, "fail", State.FAILED),
    )

    day = models.DateField(unique=True)
    state = models.TextField(choices=State.choices, default=State.WAITING)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    found: "models.JSONField[dict[str, Any]]" = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sweeping"], ended_at__isnull=True)
                | Q(state__in=["done", "failed"], ended_at__isnull=False),
                name="retention_sweep_has_ended_when_its_state_says_so",
            ),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(fault=""), name="failed_retention_sweep_says_why"),
        ]

    def __str__(self) -> str:
        return f"sweep of {self.day}"
