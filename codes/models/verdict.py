"""Verdicts.

Green is the absence of an unreleased hit, so only red and yellow are stored as rows. A citizen without a row is green
if they are registered with a provider that could be judged in the last settled run
(``docs/adr/0004-green-is-no-row.md``).

Rows of a provider that is not known in a run are *held colours*, derived from the last delivery of its silent source.
They are not verdicts and count in the effective code only (``docs/adr/0018-a-silent-source-lifts-nobody.md``).
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, ClassVar, Self

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest

from codes.models.citizen import Citizen
from codes.models.provider import Provider
from codes.models.rule_set import RuleSetVersion
from codes.models.run import Run
from regions.rights import AppendOnly

NAMES_A_HIT = Q(hits__0__isnull=False)


def latest_day(earliest: date | None, healthy_days: int | None, *, day: date) -> date | None:
    """Return the day of release, as known on ``day``, of a verdict or hit that was stored with these values."""
    if earliest is None or healthy_days is None:
        return earliest
    return max(earliest, day + timedelta(days=healthy_days - 1))


def green_on(day: Combinable) -> Greatest:
    """Return the expression of the day on which a stored verdict turns green, as known on ``day``, an expression."""
    moving = ExpressionWrapper(day + F("healthy_days") - 1, output_field=models.DateField())
    return Greatest(F("turns_green_on"), moving)


def _until(hit: Mapping[str, Any], *, day: date) -> str | None:
    earliest = date.fromisoformat(hit["until"]) if hit["until"] else None
    known = latest_day(earliest, hit.get("healthy_days"), day=day)
    return known.isoformat() if known else None


class VerdictQuerySet(models.QuerySet["Verdict"]):
    def with_green_on(self) -> Self:
        """Add ``green_on``: the day on which the verdict turns green, as known on the day of the last settled run."""
        return self.annotate(green_on=green_on(Subquery(Run.objects.settled().values("day")[:1])))


class Verdict(models.Model):
    """The colour of a citizen with a provider if it is not green, with the hits that caused it.

    ``hits``: ``[{"rule", "rule_id", "fact_id", "anchor", "until"}]``, all unreleased hits. ``until`` is the day on
    which the hit ends if the citizen follows the instructions, or null. ``needs``: the missing acts, if there is no
    such day.

    While the citizen has not begun to check in, these days move with every day and are not stored: ``healthy_days``, of
    the verdict or in a hit, is the number of healthy days in a row that are needed then, and ``turns_green_on`` or
    ``until`` the earliest possible day (``docs/adr/0108-…``). ``as_of`` computes the days.
    """

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="verdicts", db_index=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(RuleSetVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    colour = models.TextField()
    hits = models.JSONField()
    turns_green_on = models.DateField(null=True)
    healthy_days = models.SmallIntegerField(null=True)
    needs = models.JSONField(null=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+", db_index=False)

    objects = VerdictQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["citizen", "provider"], name="one_verdict_per_citizen_and_provider"),
            models.CheckConstraint(condition=Q(colour__in=["red", "yellow"]), name="stored_verdict_is_red_or_yellow"),
            models.CheckConstraint(condition=NAMES_A_HIT, name="verdict_names_a_hit"),
        ]

    def __str__(self) -> str:
        return f"{self.citizen_id} {self.provider_id} {self.colour}"

    def as_of(self, day: date) -> Self:
        """Set the days of release to those known on ``day``, the day of the run that the verdict is read for."""
        self.turns_green_on = latest_day(self.turns_green_on, self.healthy_days, day=day)
        self.hits = [hit | {"until": _until(hit, day=day)} for hit in self.hits]
        return self


class VerdictChangeQuerySet(models.QuerySet["VerdictChange"]):
    def counted(self) -> Self:
        """Return the changes that took effect: those of runs that count, without those held in a group."""
        return self.filter(run__state__in=Run.COUNTED, held_in__isnull=True)

    def with_green_on(self) -> Self:
        """Add ``green_on``: the day on which the verdict turns green, as known on the day of the run that changed it."""
        return self.annotate(green_on=green_on(F("run__day")))


class VerdictChange(AppendOnly):
    """A change made by a run: the colour before and after, and the whole verdict after.

    ``before`` is green where no verdict was stored, also for somebody whom the provider had not judged yet. It counts once its
    run has settled.

    A change that is ``held_in`` a group does not count: the person's colour stays as it was.
    """

    updatable_columns: ClassVar[tuple[str, ...]] = ("held_in_id",)

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="changes", db_index=False)
    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="+", db_index=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.ForeignKey(RuleSetVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    before = models.TextField()
    after = models.TextField()
    hits = models.JSONField(default=list)
    turns_green_on = models.DateField(null=True)
    healthy_days = models.SmallIntegerField(null=True)
    needs = models.JSONField(null=True)
    held_in = models.ForeignKey(
        "codes.HeldGroup", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    objects = VerdictChangeQuerySet.as_manager()

    class Meta:
        # Rows are appended run after run, so a block range index finds the rows of a run and costs almost nothing to
        # maintain.
        indexes = [
            BrinIndex(fields=["run"], name="change_of_run", pages_per_range=32),
            models.Index(fields=["held_in", "run"], condition=Q(held_in__isnull=False), name="change_held_in"),
        ]
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


COLOURS = ["red", "yellow", "green", "unknown"]
# The stored values. Whether a code has expired is computed on reading and not stored.
BECAUSE = ["ruling", "agreement", "policy", "held", "unknown"]


class EffectiveCode(models.Model):
    """A citizen's effective code, unless it is green by agreement, which is not stored."""

    citizen = models.OneToOneField(Citizen, on_delete=models.PROTECT, related_name="effective")
    colour = models.TextField()
    because = models.TextField()
    since = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["colour", "because"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(colour__in=COLOURS, because__in=BECAUSE), name="effective_code_is_known"
            ),
            models.CheckConstraint(
                condition=Q(colour="unknown", because="unknown") | ~Q(colour="unknown") & ~Q(because="unknown"),
                name="unknown_is_only_because_unknown",
            ),
            models.CheckConstraint(
                condition=~Q(because="held") | Q(colour__in=["red", "yellow"]), name="held_code_is_red_or_yellow"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.citizen_id} {self.colour}"


class EffectiveChange(AppendOnly):
    """A change of an effective code: before, after, since when and why. ``run`` or ``ruling`` is its cause."""

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="effective_changes")
    before = models.TextField()
    before_because = models.TextField()
    after = models.TextField()
    after_because = models.TextField()
    since = models.DateTimeField()
    day = models.DateField()
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="+")
    ruling = models.ForeignKey("codes.Ruling", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    before__in=COLOURS, after__in=COLOURS, before_because__in=BECAUSE, after_because__in=BECAUSE
                ),
                name="effective_change_is_known",
            ),
            models.CheckConstraint(
                condition=Q(run__isnull=False) | Q(ruling__isnull=False), name="effective_change_has_a_cause"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"


class Disagreement(models.Model):
    """A disagreement between providers.

    It exists from the run that found it until the first run that did not, as long as its fingerprint and its
    explanation stay the same.
    """

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="disagreements")
    fingerprint = models.BinaryField(help_text="over the colours, and what the rules and facts of the hits say")
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


class DiagnosedPair(models.Model):
    """Why two providers differ about a citizen.

    ``swaps_*``: lists of factor lists, all the inclusion-minimal sufficient ones. ``root_cause``: see
    ``codes.diagnosis.root_cause``. ``group_key`` is equal for cases with the same root cause.
    """

    primary_cause = models.TextField()
    swaps_a_to_b = models.JSONField()
    swaps_b_to_a = models.JSONField()
    root_cause = models.JSONField()
    group_key = models.TextField(blank=True)
    next_on = models.DateField(null=True, help_text="the first day on which days alone can give another explanation")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.primary_cause


class PairDiagnosis(DiagnosedPair):
    """The diagnosis of a disagreement. ``a`` is the provider whose code sorts first, so that there is one row for the pair."""

    disagreement = models.ForeignKey(Disagreement, on_delete=models.CASCADE, related_name="pairs")
    a = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    b = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
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


class PreparedDiagnosis(DiagnosedPair):
    """What an open run has found out about a pair of a disagreement that it will open, if none of its changes is held.

    It becomes the ``PairDiagnosis`` of the disagreement with this ``fingerprint``. The rows are removed when the run
    has settled.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+", db_index=False)
    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="+", db_index=False)
    fingerprint = models.BinaryField()
    a = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+", db_index=False)
    b = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["citizen", "a", "b", "run"], name="pair_is_prepared_once"),
        ]
