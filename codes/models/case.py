"""Cases: the manual review of a disagreement or an appeal."""

from django.db import models
from django.db.models import Q

from codes.models.citizen import Citizen
from codes.models.disagreement import Disagreement
from codes.models.run import Run

OPEN_STATES = ["received", "in_review", "waiting", "proposed", "escalated"]
CLOSED_STATES = ["decided", "converged", "withdrawn", "denied", "disagreement_logged"]


class Case(models.Model):
    """A person's case. The disagreement's fingerprint is kept: once decided, the same fingerprint does not come back."""

    class Kind(models.TextChoices):
        DISAGREEMENT = "disagreement"
        SUSPENSION = "suspension"
        APPEAL = "appeal"

    number = models.TextField(unique=True)
    kind = models.TextField(choices=Kind.choices)
    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="cases")
    state = models.TextField(default="received")
    disagreement = models.ForeignKey(Disagreement, on_delete=models.PROTECT, null=True, related_name="cases")
    fingerprint = models.BinaryField(null=True)
    follows = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="followed_by")
    severity = models.TextField(default="yellow", help_text="the most severe colour in it")
    opened_at = models.DateTimeField()
    opened_run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="+")
    due_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True, help_text="the clock stands while the citizen or a source is asked")
    escalated_at = models.DateTimeField(null=True)
    assigned_to = models.TextField(blank=True)
    assigned_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True)
    group_key = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(closed_at__isnull=True), name="case_queue"),
            models.Index(fields=["group_key"], condition=Q(closed_at__isnull=True), name="case_groups"),
            models.Index(fields=["assigned_to", "due_at"], condition=Q(closed_at__isnull=True), name="case_desk"),
            models.Index(fields=["opened_at"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["citizen", "kind"], condition=Q(closed_at__isnull=True), name="one_open_case_per_citizen_and_kind"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_STATES, closed_at__isnull=True) | Q(state__in=CLOSED_STATES, closed_at__isnull=False),
                name="case_is_closed_when_its_state_says_so",
            ),
            models.CheckConstraint(
                condition=~Q(kind="disagreement") | Q(disagreement__isnull=False, fingerprint__isnull=False),
                name="disagreement_case_has_its_disagreement",
            ),
            models.CheckConstraint(
                condition=Q(assigned_at__isnull=True, assigned_to="") | Q(assigned_at__isnull=False) & ~Q(assigned_to=""),
                name="case_assigned_at_and_to_go_together",
            ),
        ]

    def __str__(self) -> str:
        return self.number
