"""Cases: the manual review of a disagreement or an appeal."""

import re
from datetime import date, datetime
from typing import Self

from django.db import models
from django.db.models import IntegerField, Max, Q, TextChoices
from django.db.models.functions import Cast, Substr
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from codes.models.citizen import Citizen
from codes.models.fact import Fact
from codes.models.provider import Provider
from codes.models.run import Run
from codes.models.verdict import Disagreement
from regions.locks import advisory_lock
from regions.rights import AppendOnly


class CaseState(TextChoices):
    """The state of a case."""

    # The transitions between the states are in ``codes.review.cases.transitions``.

    RECEIVED = "received", _("received, waiting for a reviewer")
    IN_REVIEW = "in_review", _("in review")
    WAITING_FOR_INFORMATION = "waiting_for_information", _("waiting for information")
    PROPOSED = "proposed", pgettext_lazy("case state", "waiting for a second official")
    DECIDED = "decided", pgettext_lazy("case state", "decided")
    CONVERGED = "converged", _("closed by itself: nothing is left to decide")
    ACCEPTED = "accepted", _("accepted")
    PARTLY_ACCEPTED = "partly_accepted", _("partly accepted")
    DENIED = "denied", _("denied")
    WITHDRAWN = "withdrawn", _("withdrawn")
    DISAGREEMENT_LOGGED = "disagreement_logged", _("disagreement logged")


UNDECIDED = (CaseState.RECEIVED, CaseState.IN_REVIEW)
OPEN_STATES = (*UNDECIDED, CaseState.WAITING_FOR_INFORMATION, CaseState.PROPOSED)
CLOSED_STATES = tuple(state for state in CaseState if state not in OPEN_STATES)
APPEAL_ENDS = tuple(state for state in CLOSED_STATES if state not in (CaseState.DECIDED, CaseState.CONVERGED))

# Closed states in which an official decided. The other closed states ended without a decision, or the case was
# withdrawn.
DECIDED = (
    CaseState.DECIDED,
    CaseState.ACCEPTED,
    CaseState.PARTLY_ACCEPTED,
    CaseState.DENIED,
    CaseState.DISAGREEMENT_LOGGED,
)
DECIDED_STATES = [state.value for state in DECIDED]

OPEN = Q(closed_at__isnull=True)


# A letter for the kind, the day, and a number of the day; of a suspension, the ruling and the run instead. "\b" without
# re.ASCII would find no number after a Chinese character.
CASE_NUMBER = re.compile(r"\b[A-Z][0-9]{8}-[0-9]+(?:-[0-9]+)?\b", re.ASCII)


def _values(states: tuple[CaseState, ...]) -> list[str]:
    return [state.value for state in states]


def overdue(now: datetime) -> Q:
    """Return the condition that a case's deadline has passed and is not paused."""
    return Q(due_at__lt=now, paused_at__isnull=True)


class CaseQuerySet(models.QuerySet["Case"]):
    def open(self) -> Self:
        return self.filter(OPEN)

    def undecided(self) -> Self:
        """Return the cases about which nothing is proposed or asked: a reviewer may decide them."""
        return self.filter(state__in=UNDECIDED)

    def overdue(self, now: datetime) -> Self:
        return self.filter(overdue(now))

    def next_number(self, letter: str, day: date) -> str:
        """Return the next number of the day: ``A20261124-000001`` and so on. They are given out one after the other.

        A lock is held until the transaction ends.
        """
        advisory_lock(f"case numbers {letter}")
        prefix = f"{letter}{day:%Y%m%d}-"
        number = Cast(Substr("number", len(prefix) + 1), IntegerField())
        last = self.filter(number__startswith=prefix).aggregate(last=Max(number))["last"] or 0
        return f"{prefix}{last + 1:06d}"


class Case(models.Model):
    """A person's case.

    It keeps the fingerprint of its disagreement; as long as the case's decision stands, a disagreement with the same
    fingerprint opens no other case.

    ``ruling``: the ruling that decided it; null if the colours were left as they are. ``lapsed_at``: when the decision
    of a disagreement ceased to stand, because its ruling ended or because the fingerprint that was left did not last
    (``docs/adr/0020-…``).
    """

    class Kind(models.TextChoices):
        DISAGREEMENT = "disagreement"
        SUSPENSION = "suspension"
        APPEAL = "appeal"
        CORRECTION = "correction"

    number = models.TextField(unique=True)
    kind = models.TextField(choices=Kind.choices)
    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="cases")
    state = models.TextField(default=CaseState.RECEIVED.value)
    disagreement = models.ForeignKey(Disagreement, on_delete=models.PROTECT, null=True, related_name="cases")
    fingerprint = models.BinaryField(null=True)
    follows = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="followed_by")
    severity = models.TextField(default="yellow", help_text="the most severe colour in it")
    opened_at = models.DateTimeField()
    opened_run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="+")
    due_at = models.DateTimeField()
    first_look_due_at = models.DateTimeField(null=True, help_text="only a red has one")
    first_looked_at = models.DateTimeField(null=True)
    complex_since = models.DateTimeField(null=True, help_text="set when a reviewer needed the longer time")
    paused_at = models.DateTimeField(null=True, help_text="the deadline is paused while the citizen is asked")
    escalated_at = models.DateTimeField(null=True)
    escalated_for = models.TextField(blank=True, db_default="", help_text="the deadline that passed: first_look or due")
    assigned_to = models.TextField(blank=True)
    assigned_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    ruling = models.ForeignKey("codes.Ruling", on_delete=models.PROTECT, null=True, related_name="decided")
    lapsed_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True, help_text="the ruled colour, a reason code, or converged")
    answer = models.TextField(blank=True, db_default="", help_text="what the citizen is told beside the outcome")
    group_key = models.TextField(blank=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["due_at", "id"], condition=OPEN, name="case_queue"),
            models.Index(fields=["state", "due_at", "id"], condition=OPEN, name="case_queue_by_state"),
            models.Index(fields=["kind", "due_at", "id"], condition=OPEN, name="case_queue_by_kind"),
            models.Index(fields=["group_key", "due_at", "id"], condition=OPEN, name="case_groups"),
            models.Index(fields=["assigned_to", "due_at", "id"], condition=OPEN, name="case_desk"),
            models.Index(
                fields=["first_look_due_at"],
                condition=Q(closed_at__isnull=True, first_looked_at__isnull=True),
                name="case_first_look",
            ),
            models.Index(fields=["opened_at"]),
            models.Index(fields=["closed_at", "id"], condition=Q(closed_at__isnull=False), name="case_archive"),
            models.Index(
                fields=["citizen"], condition=Q(state="decided", lapsed_at__isnull=True), name="case_decision_stands"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["citizen", "kind"], condition=OPEN, name="one_open_case_per_citizen_and_kind"
            ),
            models.CheckConstraint(
                condition=Q(state__in=_values(OPEN_STATES), closed_at__isnull=True)
                | Q(state__in=_values(CLOSED_STATES), closed_at__isnull=False),
                name="case_is_closed_when_its_state_says_so",
            ),
            models.CheckConstraint(
                condition=~Q(kind="disagreement") | Q(disagreement__isnull=False, fingerprint__isnull=False),
                name="disagreement_case_has_its_disagreement",
            ),
            models.CheckConstraint(
                condition=Q(assigned_at__isnull=True, assigned_to="")
                | Q(assigned_at__isnull=False) & ~Q(assigned_to=""),
                name="case_assigned_at_and_to_go_together",
            ),
            models.CheckConstraint(
                condition=Q(lapsed_at__isnull=True) | Q(state="decided"), name="only_a_decision_lapses"
            ),
            models.CheckConstraint(
                condition=Q(kind="appeal") & ~Q(state="decided")
                | ~Q(kind="appeal") & ~Q(state__in=_values(APPEAL_ENDS)),
                name="case_ends_as_its_kind_does",
            ),
            models.CheckConstraint(
                condition=Q(paused_at__isnull=True) | Q(state="waiting_for_information"),
                name="case_clock_stands_only_while_waiting",
            ),
            models.CheckConstraint(
                condition=Q(escalated_at__isnull=True, escalated_for="")
                | Q(escalated_at__isnull=False, escalated_for__in=["first_look", "due"]),
                name="escalated_case_says_for_what",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class CaseEvent(AppendOnly):
    """One step of a case. ``verb`` is one of ``codes.review.cases.transitions.Verb``."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    by = models.TextField(help_text="user name, citizen:<ref>, or system")
    verb = models.TextField()
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return self.verb


class Appeal(models.Model):
    """The citizen's part of a case of kind ``appeal``: the provider's hit it is about, and why the citizen thinks it is wrong."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="appeal")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    rule = models.TextField(help_text="code of the rule whose hit it is about")
    fact = models.ForeignKey(Fact, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason_code = models.TextField()
    text = models.TextField(blank=True)
    tested_on = models.DateField(null=True)
    colour = models.TextField(help_text="the effective colour when it was filed")
    filed_by = models.TextField(help_text="citizen:<ref>, a guardian's for a dependant; or provider:<code>")
    filed_at = models.DateTimeField()
    withdraw_until = models.DateTimeField()
    disagreement = models.TextField(blank=True, db_default="", help_text="what the citizen says to the denial")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason_code="") & ~Q(filed_by=""), name="appeal_has_a_reason_and_a_filer"
            ),
            models.CheckConstraint(
                condition=Q(withdraw_until__gte=models.F("filed_at")), name="appeal_can_be_withdrawn_for_a_while"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.reason_code}"
