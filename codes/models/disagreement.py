"""Disagreements: two providers have a colour for the same citizen on the same day, and the colours differ."""

from django.db import models
from django.db.models import Q

from codes.models.citizen import Citizen
from codes.models.provider import Provider
from codes.models.run import Run


class Disagreement(models.Model):
    """Stands from the run that found it until the run that did not, as long as its fingerprint is the same."""

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="disagreements")
    fingerprint = models.BinaryField(help_text="over colours, hits (rule, fact, version) and rule set versions")
    colours = models.JSONField(help_text="provider code -> colour")
    opened_run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    closed_run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["citizen"], condition=Q(closed_run__isnull=True), name="one_open_disagreement_per_citizen"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.citizen_id} {self.colours}"


class PairDiagnosis(models.Model):
    """Why two providers differ about a citizen. ``a`` is the provider whose code sorts first, so that it reads the same from both sides.

    ``swaps_*``: lists of factor lists, all inclusion-minimal sufficient ones. ``guilty``: the structured piece (``codes.diagnosis``).
    ``group_key`` is equal for cases with the same guilty piece.
    """

    disagreement = models.ForeignKey(Disagreement, on_delete=models.CASCADE, related_name="pairs")
    a = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    b = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    primary_cause = models.TextField()
    swaps_a_to_b = models.JSONField()
    swaps_b_to_a = models.JSONField()
    guilty = models.JSONField()
    group_key = models.TextField(blank=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["group_key"]), models.Index(fields=["primary_cause"])]
        constraints = [
            models.UniqueConstraint(fields=["disagreement", "a", "b"], name="pair_is_diagnosed_once"),
            models.CheckConstraint(
                condition=Q(primary_cause__in=["freshness", "rules", "declaration", "source", "interaction"]),
                name="primary_cause_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.primary_cause
