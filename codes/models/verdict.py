"""Verdicts. Green is the absence of a held rule, so only red and yellow are rows; a citizen without one is green when registered
with a provider that could judge in the last settled run (``docs/adr/0004-green-is-no-row.md``)."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from codes.models.citizen import Citizen
from codes.models.provider import Provider
from codes.models.rule_set import RuleSetVersion
from codes.models.run import Run
from regions.append_only import AppendOnly

NAMES_A_HIT = Q(hits__0__isnull=False)


class Verdict(models.Model):
    """The colour of a citizen with a provider that is not green, with the hits that made it.

    ``hits``: ``[{"rule", "rule_id", "fact_id", "anchor", "until"}]``, all unreleased ones; ``until`` is the day the hit ends
    if the citizen does as told, or none. ``needs``: the missing acts where there is no such day.
    """

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="verdicts", db_index=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(RuleSetVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    colour = models.TextField()
    hits = models.JSONField()
    turns_green_on = models.DateField(null=True)
    needs = models.JSONField(null=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["citizen", "provider"], name="one_verdict_per_citizen_and_provider"),
            models.CheckConstraint(condition=Q(colour__in=["red", "yellow"]), name="stored_verdict_is_red_or_yellow"),
            models.CheckConstraint(condition=NAMES_A_HIT, name="verdict_names_a_hit"),
        ]

    def __str__(self) -> str:
        return f"{self.citizen_id} {self.provider_id} {self.colour}"


class VerdictChange(AppendOnly):
    """What a run changed: the colour before and after, and the whole verdict after. Counts once its run has settled."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="changes", db_index=False)
    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="+", db_index=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.ForeignKey(RuleSetVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    before = models.TextField()
    after = models.TextField()
    hits = models.JSONField(default=list)
    turns_green_on = models.DateField(null=True)
    needs = models.JSONField(null=True)

    class Meta:
        # Rows are only ever appended, run after run, so a block range index finds a run's rows and costs nothing to keep.
        indexes = [BrinIndex(fields=["run"], name="change_of_run", pages_per_range=32)]
        constraints = [
            models.UniqueConstraint(fields=["citizen", "provider", "run"], name="one_change_per_run"),
            models.CheckConstraint(
                condition=Q(before__in=["red", "yellow", "green"], after__in=["red", "yellow", "green"]),
                name="change_is_of_colours",
            ),
            models.CheckConstraint(
                condition=Q(after="green") | NAMES_A_HIT, name="change_to_red_or_yellow_names_a_hit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"
