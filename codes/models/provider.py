"""Providers: the channels that show citizens a colour, and who is registered with them."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from codes.models.citizen import Citizen
from codes.models.rule_set import RuleSet
from regions.accounted import Accounted
from regions.rights import AppendOnly
from regions.sources.models import Source


class ProviderQuerySet(models.QuerySet["Provider"]):
    def current(self) -> Self:
        """Those that are judged and shown: not retired, nor their source."""
        return self.filter(retired=False, source__retired=False)


class Provider(Accounted):
    """A channel bound to exactly one data source and one rule set; several providers may share either."""

    code = models.TextField(unique=True)
    title_zh = models.TextField()
    title_en = models.TextField()
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="providers")
    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="providers")
    symptoms = models.JSONField(default=dict, help_text="their code -> our symptom")
    display = models.JSONField(default=dict, help_text="the value they display -> our colour")
    display_delay_minutes = models.IntegerField(
        default=10, help_text="how long an earlier colour may still be displayed"
    )
    retired = models.BooleanField(default=False, help_text="no longer judged or shown; its history stays")

    objects = ProviderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(display_delay_minutes__gte=0), name="provider_display_delay_is_not_negative"
            )
        ]

    def __str__(self) -> str:
        return self.code


class Registration(models.Model):
    """The citizen has applied for a code with that provider; their first declaration registers them."""

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="registrations")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="registrations")
    registered_at = models.DateTimeField(help_text="when the city received the first declaration")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["citizen", "provider"], name="registered_once_with_a_provider")]
        indexes = [models.Index(fields=["provider", "registered_at"])]

    def __str__(self) -> str:
        return f"{self.citizen_id} with {self.provider_id}"


class ProviderKey(AppendOnly):
    """One key, known by its keyed hash. A row stays when the key is revoked: the journal speaks of it by its last four."""

    updatable_columns: ClassVar[tuple[str, ...]] = ("revoked_by", "revoked_at", "window_began", "window_calls")

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="keys")
    key_hash = models.BinaryField(unique=True)
    last_four = models.TextField(help_text="the end of the key, by which people tell keys apart")
    issued_by = models.TextField()
    issued_at = models.DateTimeField()
    revoked_by = models.TextField(blank=True, db_default="")
    revoked_at = models.DateTimeField(null=True)
    window_began = models.DateTimeField(null=True, help_text="the minute in which calls are being counted")
    window_calls = models.IntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(last_four__regex=r"^.{4}$"), name="provider_key_shows_four_characters"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by="") | Q(revoked_at__isnull=False) & ~Q(revoked_by=""),
                name="provider_key_revoked_at_and_by_go_together",
            ),
            models.CheckConstraint(condition=~Q(issued_by=""), name="provider_key_is_issued_by_somebody"),
        ]

    def __str__(self) -> str:
        return f"…{self.last_four}"
