"""Proposed changes of the phone to which sign-in codes are sent, and the messages about them."""

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import Q, TextChoices
from django.utils.translation import gettext_lazy as _

from codes.models.citizen import MAX_TRIES, Citizen
from codes.models.provider import Provider
from regions.keys.encryption import PHONE, PHONE_CODE
from regions.keys.models import Encrypted
from regions.transitions import TransitionTable


class PhoneChange(Encrypted):
    """A phone other than the one on record, named by a provider.

    It takes effect once confirmed (``docs/contracts.md`` §3).

    ``code_hash`` is the hash of the one-time code that was sent to the phone on record. A row without a provider is the
    second phone of a person who had been recorded as two citizens.
    """

    encrypted: ClassVar[Mapping[str, str]] = {"phone_encrypted": PHONE}

    class State(models.TextChoices):
        PROPOSED = "proposed"
        CONFIRMED = "confirmed"
        REFUSED = "refused"

    class How(TextChoices):
        """How the change was confirmed or refused."""

        CODE = "code", _("with the code sent to the earlier phone")
        CITIZEN = "citizen", _("by the citizen, signed in")
        OFFICIAL = "official", _("by an official, with the document in hand")

    TRANSITIONS = TransitionTable.of(
        (State.PROPOSED, "confirm", State.CONFIRMED),
        (State.PROPOSED, "refuse", State.REFUSED),
    )

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="phone_changes")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, related_name="+")
    phone_encrypted = models.BinaryField()
    phone_hash = models.BinaryField()
    state = models.TextField(choices=State.choices, default=State.PROPOSED)
    proposed_at = models.DateTimeField()
    code_hash = models.BinaryField(null=True)
    code_expires_at = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    before_hash = models.BinaryField(null=True, help_text="of the phone it took the place of")
    how = models.TextField(blank=True, choices=How.choices)
    decided_by = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["proposed_at", "id"], condition=Q(state="proposed"), name="phones_proposed")]
        constraints = [
            models.UniqueConstraint(
                fields=["citizen", "phone_hash"], condition=Q(state="proposed"), name="phone_is_proposed_once"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", how="", decided_by="", decided_at__isnull=True)
                | Q(
                    state__in=["confirmed", "refused"],
                    how__in=["code", "citizen", "official"],
                    decided_at__isnull=False,
                )
                & ~Q(decided_by=""),
                name="phone_change_is_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(tries__gte=0, tries__lte=MAX_TRIES), name="phone_change_tries_are_limited"
            ),
            models.CheckConstraint(
                condition=Q(code_hash__isnull=True, code_expires_at__isnull=True)
                | Q(code_hash__isnull=False, code_expires_at__isnull=False),
                name="phone_change_code_expires",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.citizen_id} {self.state}"


class PhoneNotice(Encrypted):
    """A message about a change to one of the two phones.

    ``phone_encrypted`` is that phone as of the time the message was made.
    """

    encrypted: ClassVar[Mapping[str, str]] = {"phone_encrypted": PHONE, "code_sealed": PHONE_CODE}

    class Receiver(models.TextChoices):
        EARLIER = "earlier"
        NAMED = "named"

    class About(models.TextChoices):
        PROPOSED = "proposed"
        CONFIRMED = "confirmed"

    change = models.ForeignKey(PhoneChange, on_delete=models.PROTECT, related_name="notices")
    receiver = models.TextField(choices=Receiver.choices)
    about = models.TextField(choices=About.choices)
    phone_encrypted = models.BinaryField()
    code_sealed = models.BinaryField(null=True, help_text="until it was handed to the gateway")
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["made_at"], condition=Q(sent_at__isnull=True), name="phone_notices_unsent")]
        constraints = [
            models.UniqueConstraint(fields=["change", "receiver", "about"], name="phone_is_told_once"),
            models.CheckConstraint(
                condition=Q(receiver__in=["earlier", "named"], about__in=["proposed", "confirmed"]),
                name="phone_notice_is_known",
            ),
            models.CheckConstraint(
                condition=Q(code_sealed__isnull=True) | Q(receiver="earlier", about="proposed"),
                name="only_the_earlier_phone_gets_a_code",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.about} to {self.receiver}"
