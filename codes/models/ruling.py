"""Decisions of two officials: a citizen's colour for a limited time, or that a source's record is wrong."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from codes.models.citizen import Citizen
from codes.models.provider import Provider
from codes.models.run import Run
from regions.accounted import Accounted
from regions.proposals import EndableProposal, two_people_and_end
from regions.sources.models import Source

# Columns with free text, or as long as the list of evidence.
TEXTS = ("reason", "decision_reason", "end_reason", "evidence")


class Ruling(Accounted, EndableProposal):
    """A manual colour with a reason, evidence and an end date.

    It covers the hits that were weighed, and no new, more severe hit.
    """

    NAME: ClassVar[str] = "ruling"
    told_by_digest: ClassVar[tuple[str, ...]] = (*TEXTS, "weighed", "weighed_colours")

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="rulings")
    case = models.ForeignKey("codes.Case", on_delete=models.PROTECT, null=True, related_name="rulings")
    colour = models.TextField()
    evidence = models.JSONField(default=list, help_text="what it rests on: evidence ids, record ids, documents")
    weighed = models.JSONField(default=list, help_text="[rule code, fact id] of every unreleased hit at the time")
    weighed_colours = models.JSONField(
        null=True, help_text="which colour the rule of each gave; none of a ruling of an earlier release"
    )
    expires_on = models.DateField(help_text="the first day it no longer holds")
    suspended_at = models.DateTimeField(null=True, help_text="a new, more severe hit suspended it")

    class Meta:
        indexes = [
            models.Index(fields=["proposed_at", "id"], condition=Q(state="proposed"), name="rulings_to_decide"),
            models.Index(fields=["expires_on"], condition=Q(state="approved"), name="rulings_to_expire"),
        ]
        constraints = [
            *two_people_and_end("ruling"),
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

    def described(self) -> dict[str, Any]:
        of_case = {"number": self.case.number} if self.case else {}
        return {**of_case, "colour": self.colour, "expires_on": str(self.expires_on), "reason_code": self.reason_code}


class Suppression(Accounted, EndableProposal):
    """A record ruled to be wrong: no provider sees it while the suppression is in force.

    With neither a source nor a provider, the record is the city's own.

    With a ``version`` it covers only that version of the record: the version before it counts again, and so does a
    later one. With a ``bulk_suppression`` it is one of many on which two people decide together; with a ``held_group``
    it belongs to a group that they refused.
    """

    NAME: ClassVar[str] = "suppression"
    told_by_digest: ClassVar[tuple[str, ...]] = (*TEXTS, "record_id")

    case = models.ForeignKey("codes.Case", on_delete=models.PROTECT, null=True, related_name="suppressions")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, related_name="+")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, related_name="+")
    record_id = models.TextField()
    version = models.IntegerField(null=True)
    held_group = models.ForeignKey("codes.HeldGroup", on_delete=models.PROTECT, null=True, related_name="suppressions")
    bulk_suppression = models.ForeignKey(
        "codes.BulkSuppression", on_delete=models.PROTECT, null=True, related_name="suppressions"
    )
    evidence = models.JSONField(default=list, help_text="what it rests on, as with a ruling")

    class Meta:
        indexes = [
            models.Index(fields=["record_id"]),
            models.Index(fields=["proposed_at"], condition=Q(state="proposed"), name="suppressions_to_decide"),
        ]
        constraints = [
            *two_people_and_end("suppression"),
            models.CheckConstraint(
                condition=Q(source__isnull=True) | Q(provider__isnull=True),
                name="suppressed_record_has_one_origin",
            ),
            models.UniqueConstraint(
                fields=["record_id", "source", "provider", "version"],
                condition=Q(state="proposed"),
                nulls_distinct=False,
                name="one_proposed_suppression_per_record",
            ),
        ]

    def __str__(self) -> str:
        return self.record_id

    def described(self) -> dict[str, Any]:
        origin = self.source or self.provider
        return {
            "origin": origin.code if origin else "",
            "reason_code": self.reason_code,
            "proposed_by": self.proposed_by,
        }


class BulkSuppression(Accounted, EndableProposal):
    """Many suppressions decided as one.

    Its ``suppressions`` are fixed when it is proposed: the second person decides on exactly these.

    ``cases``, ``records`` and ``people`` are their numbers as proposed. ``run`` is the amending run of the approval;
    null while the approval waits for an open run.
    """

    NAME: ClassVar[str] = "mending"  # journal entries already written contain this name
    told_by_digest: ClassVar[tuple[str, ...]] = TEXTS
    left_out: ClassVar[tuple[str, ...]] = ("run_id",)

    group_key = models.TextField(help_text="as in PairDiagnosis: what the cases have in common")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    evidence = models.JSONField(default=list, help_text="documents that stand for all of the records")
    cases = models.IntegerField()
    records = models.IntegerField()
    people = models.IntegerField()
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["proposed_at"], condition=Q(state="proposed"), name="bulk_suppressions_to_decide")
        ]
        constraints = [
            *two_people_and_end("bulk_suppression"),
            models.CheckConstraint(condition=Q(evidence__0__isnull=False), name="bulk_suppression_rests_on_evidence"),
            models.CheckConstraint(
                condition=Q(cases__gt=0, records__gt=0, people__gt=0), name="bulk_suppression_is_of_a_group"
            ),
            models.UniqueConstraint(
                fields=["group_key"], condition=Q(state="proposed"), name="one_proposed_bulk_suppression_per_group"
            ),
        ]

    def __str__(self) -> str:
        return self.group_key

    def described(self) -> dict[str, Any]:
        counted = {"records": self.records, "people": self.people}
        return {"group": self.group_key, "source": self.source.code, "reason_code": self.reason_code, **counted}
