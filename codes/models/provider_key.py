"""Keys with which providers deliver entries: a provider's own, one or several at a time, none readable afterwards."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from codes.models.provider import Provider
from regions.append_only import AppendOnly


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
