"""A city's keys, each wrapped by the operator's key-encryption key."""

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import Q

from regions.accounted import Accounted
from regions.rights import AppendOnly


class Purpose(models.TextChoices):
    """The purpose of a key. A key is never used for two purposes."""

    DATA = "data", "encrypts ID numbers, phones and credentials"
    LOOKUP = "lookup", "hashes ID numbers and phones so that they can be found"
    JOURNAL = "journal", "signs journal checkpoints"
    EXPORT = "export", "signs export manifests"
    PASS = "pass", "signs passes"
    MESSAGE = "message", "signs messages to other cities and to receivers of webhooks"


class Encrypted(models.Model):
    """Base class of models with encrypted columns: ``encrypted`` maps their names to their uses (``regions.keys.encryption``)."""

    encrypted: ClassVar[Mapping[str, str]] = {}

    class Meta:
        abstract = True


class CityKey(AppendOnly, Accounted):
    """A key in use, retired (signatures from before ``retired_at`` are valid), or compromised (no signature is valid).

    Symmetric keys are 32 random bytes, signing keys Ed25519 seeds; ``public_key`` is stored in plain form for verifiers. The
    database lets the city retire a key but neither delete nor replace it, as what it encrypted could no longer be read.
    """

    updatable_columns: ClassVar[tuple[str, ...]] = ("retired_at", "compromised_at")
    told_by_digest: ClassVar[tuple[str, ...]] = ("wrapped",)

    purpose = models.TextField(choices=Purpose.choices)
    wrapped = models.BinaryField(help_text="AES-GCM under the key-encryption key")
    public_key = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(
        null=True, help_text="no longer used for new work; still opens and verifies the old"
    )
    compromised_at = models.DateTimeField(null=True, help_text="when it became known that somebody else holds it")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(compromised_at__isnull=True) | Q(retired_at__isnull=False),
                name="compromised_key_is_retired",
            ),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="key_purpose_is_known"),
            models.UniqueConstraint(
                fields=["purpose"], condition=Q(retired_at__isnull=True), name="one_key_in_use_per_purpose"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} key {self.pk}"
