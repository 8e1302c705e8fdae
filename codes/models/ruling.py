"""What two officials decide together: a citizen's colour for a while, or that a source's record is wrong."""

from django.db import models
from django.db.models import F, Q

from codes.models.citizen import Citizen
from codes.models.provider import Provider
from regions.sources.models import Source

PROPOSAL_STATES = ["proposed", "approved", "refused", "withdrawn", "ended"]


def two_people(name: str) -> list[models.CheckConstraint]:
    """Constraints that no proposal is in force without a second person, and that refusals and approvals are signed."""
    return [
        models.CheckConstraint(condition=Q(state__in=PROPOSAL_STATES), name=f"{name}_state_is_known"),
        models.CheckConstraint(condition=~Q(proposed_by=F("decided_by")), name=f"{name}_proposer_is_not_approver"),
        models.CheckConstraint(
            condition=~Q(state__in=["approved", "refused", "ended"]) | Q(decided_at__isnull=False) & ~Q(decided_by=""),
            name=f"{name}_is_decided_by_somebody",
        ),
        models.CheckConstraint(
            condition=~Q(proposed_by="") & ~Q(reason_code=""), name=f"{name}_has_proposer_and_reason"
        ),
        models.CheckConstraint(
            condition=Q(end_proposed_by="") | ~Q(end_proposed_by=F("ended_by")), name=f"{name}_end_takes_two_people"
        ),
        models.CheckConstraint(
            condition=Q(end_proposed_by="", end_proposed_at__isnull=True, end_reason="")
            | Q(end_proposed_at__isnull=False) & ~Q(end_proposed_by="") & ~Q(end_reason=""),
            name=f"{name}_end_is_proposed_whole",
        ),
    ]


class Proposal(models.Model):
    """Common to everything that takes two people, at its beginning and at its early end.

    ``ended_at`` without ``ended_by``: it expired, or a later one took its place.
    """

    state = models.TextField(default="proposed")
    reason_code = models.TextField()
    reason = models.TextField(blank=True)
    proposed_by = models.TextField()
    proposed_at = models.DateTimeField()
    decided_by = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)
    decision_code = models.TextField(blank=True, db_default="", help_text="why it was refused, from a list")
    decision_reason = models.TextField(blank=True)
    end_reason = models.TextField(blank=True, db_default="")
    end_proposed_by = models.TextField(blank=True, db_default="")
    end_proposed_at = models.DateTimeField(null=True)
    ended_by = models.TextField(blank=True, db_default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class Ruling(Proposal):
    """A manual colour: reason, evidence and an end date; it covers the hits it weighed (fact ids) and no new, more severe one."""

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="rulings")
    case = models.ForeignKey("codes.Case", on_delete=models.PROTECT, null=True, related_name="rulings")
    colour = models.TextField()
    evidence = models.JSONField(default=list, help_text="what it rests on: evidence ids, record ids, documents")
    weighed = models.JSONField(default=list, help_text="[rule code, fact id] of every unreleased hit at the time")
    expires_on = models.DateField(help_text="the first day it no longer holds")
    suspended_at = models.DateTimeField(null=True, help_text="a new, more severe hit suspended it")

    class Meta:
        indexes = [
            models.Index(fields=["proposed_at", "id"], condition=Q(state="proposed"), name="rulings_to_decide"),
            models.Index(fields=["expires_on"], condition=Q(state="approved"), name="rulings_to_expire"),
        ]
        constraints = [
            *two_people("ruling"),
            models.CheckConstraint(
                condition=Q(colour__in=["red", "yellow", "green"]), name="ruling_colour_is_a_colour"
            ),
            models.CheckConstraint(condition=Q(evidence__0__isnull=False), name="ruling_rests_on_evidence"),
            models.UniqueConstraint(
                fields=["citizen"], condition=Q(state="approved"), name="one_ruling_in_force_per_citizen"
            ),
            models.UniqueConstraint(
                fields=["citizen"], condition=Q(state="proposed"), name="one_proposed_ruling_per_citizen"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.citizen_id} {self.colour} until {self.expires_on}"


class Suppression(Proposal):
    """A record ruled to be wrong: not seen by any provider while in force. Neither source nor provider: the city's own.

    With a ``mending`` it is one of many that two people decide about together.
    """

    case = models.ForeignKey("codes.Case", on_delete=models.PROTECT, null=True, related_name="suppressions")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, related_name="+")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, related_name="+")
    record_id = models.TextField()
    mending = models.ForeignKey("codes.Mending", on_delete=models.PROTECT, null=True, related_name="suppressions")
    evidence = models.JSONField(default=list, help_text="what it rests on, as with a ruling")

    class Meta:
        indexes = [
            models.Index(fields=["record_id"]),
            models.Index(fields=["proposed_at"], condition=Q(state="proposed"), name="suppressions_to_decide"),
        ]
        constraints = [
            *two_people("suppression"),
            models.CheckConstraint(
                condition=Q(source__isnull=True) | Q(provider__isnull=True),
                name="suppressed_record_has_one_origin",
            ),
            models.UniqueConstraint(
                fields=["record_id", "source", "provider"],
                condition=Q(state="proposed"),
                nulls_distinct=False,
                name="one_proposed_suppression_per_record",
            ),
        ]

    def __str__(self) -> str:
        return self.record_id
