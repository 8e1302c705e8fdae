"""Providers: the channels that show citizens a colour, and the citizens registered with them."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, TextChoices
from django.utils.translation import gettext_lazy as _

from codes.models.citizen import Citizen
from codes.models.rule_set import RuleSet
from regions.accounted import Accounted
from regions.actors import PROVIDER_PREFIX
from regions.keys.encryption import API_ANSWER
from regions.keys.models import Encrypted
from regions.rights import AppendOnly
from regions.sources.models import Source


class ProviderQuerySet(models.QuerySet["Provider"]):
    def current(self) -> Self:
        """Return the providers that are judged and shown: neither they nor their sources are retired."""
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

    @property
    def actor(self) -> str:
        """The value of ``by`` when the provider acts by its key."""
        return f"{PROVIDER_PREFIX}{self.code}"

    @property
    def subject(self) -> str:
        """The subject of journal entries about it."""
        return self.actor


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


class Scope(TextChoices):
    """The services of the API that a key may use, named as in their addresses."""

    ENTRIES = "entries", _("deliver declarations, check-ins and displayed colours, many at a time")
    DECLARATIONS = "declarations", _("deliver one declaration")
    TRIPS = "trips", _("ask for a person's declared stays")
    STATUS = "status", _("ask for a person's colour")
    CALLS = "calls", _("call for a person's code")
    CODES = "codes", _("make the code that was called for")
    VERIFICATIONS = "verifications", _("check codes that are shown")
    CORRECTIONS = "corrections", _("file appeals for people")
    DISAGREEMENTS = "disagreements", _("list disagreements with other providers")
    CASES = "cases", _("list cases about the provider")
    EXPORTS = "exports", _("take out masked reports about the provider")
    WEBHOOKS = "webhooks", _("receive messages about changes")


class KeyState(TextChoices):
    IN_FORCE = "in_force", _("in force")
    REPLACED = "replaced", _("replaced, still works")
    EXPIRED = "expired", _("expired")
    REVOKED = "revoked", _("revoked")


class ProviderKey(AppendOnly):
    """One key, identified by its keyed hash.

    The row is kept after the key is revoked: the journal refers to it by its last four characters.

    ``revoked_at`` may be in the future: a key that is being replaced works until then.
    """

    updatable_columns: ClassVar[tuple[str, ...]] = ("revoked_by", "revoked_at", "window_began", "window_calls")

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="keys")
    scopes = ArrayField(
        models.TextField(choices=Scope.choices),
        default=list,
        db_default=["entries"],
        help_text="what it may be used for",
    )
    expires_at = models.DateTimeField(null=True, help_text="from then on it opens nothing; none: until it is revoked")
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
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=models.F("issued_at")),
                name="provider_key_expires_after_it_was_issued",
            ),
        ]

    def __str__(self) -> str:
        return f"…{self.last_four}"

    @property
    def works_until(self) -> datetime | None:
        """The instant at which the key stops working; ``None``: it works until it is revoked."""
        return min((end for end in (self.revoked_at, self.expires_at) if end is not None), default=None)

    @property
    def scope_titles(self) -> list[str]:
        return [str(scope.label) for scope in Scope if scope.value in self.scopes]

    def state_at(self, now: datetime) -> KeyState:
        if self.revoked_at is not None and self.revoked_at <= now:
            return KeyState.REVOKED
        if self.expires_at is not None and self.expires_at <= now:
            return KeyState.EXPIRED
        return KeyState.IN_FORCE if self.revoked_at is None else KeyState.REPLACED


class UsedNonce(models.Model):
    """A nonce of a signed call, which is accepted once.

    Rows are removed when the call would be too old to be accepted in any case.
    """

    key = models.ForeignKey(ProviderKey, on_delete=models.CASCADE, related_name="+")
    nonce = models.TextField()
    used_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "nonce"], name="nonce_is_used_once")]
        indexes = [models.Index(fields=["used_at"])]

    def __str__(self) -> str:
        return f"{self.key_id} {self.nonce}"


class IdempotentAnswer(Encrypted):
    """The answer to a call with an ``Idempotency-Key``.

    A repetition of the call gets the same answer, and nothing is done twice.
    """

    encrypted: ClassVar[Mapping[str, str]] = {"answer_encrypted": API_ANSWER}

    caller = models.TextField(help_text="who called, with their key")
    key_hash = models.BinaryField()
    call_hash = models.BinaryField(help_text="of address and body")
    status = models.IntegerField(null=True, help_text="none while the call runs")
    answer_encrypted = models.BinaryField(null=True)
    called_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key_hash"], name="idempotency_key_is_of_one_call")]
        indexes = [models.Index(fields=["called_at"])]

    def __str__(self) -> str:
        return f"{self.caller} {self.status}"
