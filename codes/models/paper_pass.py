"""Paper passes that were issued."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from codes.models.citizen import Citizen
from regions.accounted import Accounted
from regions.rights import AppendOnly


class PaperPassQuerySet(models.QuerySet["PaperPass"]):
    def in_force(self, now: datetime) -> Self:
        """Return the passes that are neither withdrawn nor expired."""
        return self.filter(withdrawn_at__isnull=True, expires_at__gt=now)


class PaperPass(AppendOnly, Accounted):
    """A paper pass.

    Its pseudonym is random and stored as a keyed hash only, so that nobody, including the city, can print it again.
    """

    updatable_columns: ClassVar[tuple[str, ...]] = ("withdrawn_at", "withdrawn_by")

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="paper_passes")
    pseudonym_hash = models.BinaryField(unique=True)
    asked_by = models.TextField()
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.TextField(blank=True, default="", db_default="")

    objects = PaperPassQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("issued_at"), expires_at__lte=F("issued_at") + timedelta(days=365)),
                name="paper_pass_is_good_for_a_year_at_most",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by="")
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_by="")),
                name="paper_pass_is_withdrawn_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"paper pass {self.pk}"
