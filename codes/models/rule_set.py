"""Rule sets: named, versioned, immutable once in force."""

from datetime import date
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from regions.accounted import Accounted
from regions.vocabulary import title_of


class RuleSet(models.Model):
    """A series of versions under one code, such as ``national``. The city file may give it a title for the city's pages."""

    code = models.TextField(unique=True)
    title_zh = models.TextField(blank=True, db_default="", default="")
    title_en = models.TextField(blank=True, db_default="", default="")

    def __str__(self) -> str:
        return self.code

    def title_in(self, language: str) -> str:
        """Return the title, or the code if there is no title."""
        return title_of(self, language) or self.code


class RuleSetVersionQuerySet(models.QuerySet["RuleSetVersion"]):
    def in_force(self, day: date) -> Self:
        """Return for each rule set the version in force on the day: the one with the latest ``effective_from`` not
        after the day; among several with the same day, the highest.

        Withdrawn versions are excluded.
        """
        return (
            self.filter(effective_from__lte=day, withdrawn_at__isnull=True)
            .order_by("rule_set", "-effective_from", "-version")
            .distinct("rule_set")
        )


class RuleSetVersion(Accounted):
    """One version: a list of rules and a risk-area list, in force from a day until the day of the next version."""

    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="versions")
    version = models.IntegerField()
    effective_from = models.DateField()
    digest = models.TextField(help_text="SHA-256 of its canonical content")
    created_by = models.TextField()
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, help_text="two people put it out of force from then on")

    objects = RuleSetVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "version"], name="rule_set_version_is_unique"),
            models.CheckConstraint(condition=Q(version__gte=1), name="rule_set_version_starts_at_one"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_set.code}-{self.version}"

    def title_in(self, language: str) -> str:
        with translation.override(language):
            return _("{rule_set}, version {number}").format(
                rule_set=self.rule_set.title_in(language), number=self.version
            )


class Rule(models.Model):
    """One row of a version.

    The fields are those of ``docs/semantics.md`` §3. ``hold_days`` null: it holds until a fact clears it.

    Several rows may have the same code: Guangxi's A4 covers close and secondary contacts.
    """

    version = models.ForeignKey(RuleSetVersion, on_delete=models.CASCADE, related_name="rules")
    code = models.TextField()
    kind = models.TextField()
    area_levels = ArrayField(models.TextField(), null=True)
    colour = models.TextField()
    anchor = models.TextField(default="started")
    hold_days = models.IntegerField(null=True)
    checkin_days = models.IntegerField(default=0)
    tests = models.IntegerField(default=0)
    test_gap_days = models.IntegerField(default=0)
    cleared_by = ArrayField(models.TextField(), default=list)
    title_zh = models.TextField(blank=True)
    title_en = models.TextField(blank=True)
    reason_zh = models.TextField(blank=True)
    reason_en = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(colour__in=["red", "yellow"]), name="rule_colour_is_red_or_yellow"),
            models.CheckConstraint(
                condition=Q(anchor__in=["started", "ended", "recorded"]), name="rule_anchor_is_known"
            ),
            models.CheckConstraint(
                condition=Q(checkin_days__gte=0, tests__gte=0, test_gap_days__gte=0)
                & (Q(hold_days__isnull=True) | Q(hold_days__gte=0)),
                name="rule_counts_are_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class RiskArea(models.Model):
    """An area at a level from one day to another (null: still). ``0000`` covers the whole province, ``00`` the whole city."""

    version = models.ForeignKey(RuleSetVersion, on_delete=models.CASCADE, related_name="risk_areas")
    area = models.CharField(max_length=6)
    level = models.TextField()
    from_day = models.DateField()
    to_day = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["version", "area"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(to_day__isnull=True) | Q(to_day__gte=models.F("from_day")),
                name="risk_area_ends_after_it_starts",
            )
        ]

    def __str__(self) -> str:
        return f"{self.area} {self.level}"
