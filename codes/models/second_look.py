"""A second look at a case that one official closed alone: drawn at random, taken by a colleague."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from codes.models.case import Case


class SecondLookQuerySet(models.QuerySet["SecondLook"]):
    def waiting(self) -> "SecondLookQuerySet":
        return self.filter(outcome="")

    def waiting_for(self, username: str) -> "SecondLookQuerySet":
        """Return the second looks that an official may take, the oldest first. Cases they closed themselves are excluded."""
        return self.waiting().exclude(decided_by=username).order_by("drawn_at", "pk")

    def overturning(self, username: str) -> "SecondLookQuerySet":
        """Return the second looks that reopened a case this official had closed, while the case is open; the newest first."""
        differing = self.filter(outcome="differs", decided_by=username, case__closed_at__isnull=True)
        return differing.order_by("-looked_at", "-pk")


class SecondLook(models.Model):
    """``case_outcome`` is the reason code with which ``decided_by`` closed the case; ``outcome`` is empty until a
    colleague has looked.
    """

    class Outcome(models.TextChoices):
        AGREES = "agrees", _("agrees: the decision is right")
        DIFFERS = "differs", _("differs: it has to be decided again")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="second_looks")
    decided_by = models.TextField()
    case_outcome = models.TextField()
    drawn_at = models.DateTimeField()
    looked_by = models.TextField(blank=True, default="")
    looked_at = models.DateTimeField(null=True)
    outcome = models.TextField(choices=Outcome.choices, blank=True, default="")
    reason = models.TextField(blank=True, default="")

    objects = SecondLookQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["drawn_at", "id"], condition=Q(outcome=""), name="second_looks_waiting"),
            models.Index(fields=["looked_at"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(outcome=""), name="one_second_look_waits_per_case"),
            models.CheckConstraint(condition=~Q(decided_by=""), name="second_look_is_at_somebodys_decision"),
            models.CheckConstraint(
                condition=Q(outcome="", looked_by="", looked_at__isnull=True, reason="")
                | Q(outcome__in=["agrees", "differs"], looked_at__isnull=False) & ~Q(looked_by=""),
                name="second_look_is_taken_whole",
            ),
            models.CheckConstraint(condition=~Q(looked_by=F("decided_by")), name="second_look_is_anothers"),
            models.CheckConstraint(
                condition=~Q(outcome="differs") | ~Q(reason=""), name="second_look_differs_for_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.outcome or 'waiting'}"

    def described(self) -> dict[str, Any]:
        """Return its data for the journal."""
        return {"number": self.case.number, "second_look": self.pk, "decided_by": self.decided_by}
