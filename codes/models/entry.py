"""Declarations and daily check-ins that citizens submit through a provider, stored as received."""

from typing import Any

from django.db import models
from django.db.models import Q

from codes.models.citizen import Citizen
from codes.models.provider import Provider
from regions.rights import AppendOnly


class DateMultiRangeField(models.Field):  # type: ignore[type-arg]  # generic only in the stubs
    """A set of days as PostgreSQL's ``datemultirange``, which merges neighbours itself. Written and read in SQL only."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002 - Django asks with it
        return "datemultirange"


class Entry(AppendOnly):
    """One accepted line. ``content`` leaves out who it is about: name, ID number and phone stand with the citizen."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="entries")
    entry_id = models.TextField()
    type = models.TextField()
    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="entries")
    submitted_at = models.DateTimeField(null=True)
    day = models.DateField(null=True)
    healthy = models.BooleanField(null=True)
    received_at = models.DateTimeField()
    digest = models.BinaryField(help_text="of the whole line: tells a repeated line from a changed one")
    content = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(
                fields=["citizen", "provider", "submitted_at"],
                condition=Q(type="declaration"),
                name="entry_declarations",
            ),
            models.Index(fields=["citizen", "provider", "day"], condition=Q(type="check_in"), name="entry_check_ins"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["provider", "entry_id"], name="entry_id_is_unique_for_its_provider"),
            models.CheckConstraint(
                condition=Q(type="declaration", submitted_at__isnull=False, day__isnull=True, healthy__isnull=True)
                | Q(type="check_in", submitted_at__isnull=True, day__isnull=False, healthy__isnull=False),
                name="entry_has_the_fields_of_its_type",
            ),
        ]

    def __str__(self) -> str:
        return self.entry_id


class CheckInDays(models.Model):
    """The healthy days of a citizen with a provider, as one value: what the engine reads instead of the daily rows.

    ``complete_at`` is the receipt of the newest entry in it; a query for an earlier instant reads the entries.
    """

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    days = DateMultiRangeField()
    complete_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["citizen", "provider"], name="check_in_days_once_per_registration")
        ]

    def __str__(self) -> str:
        return f"{self.citizen_id} with {self.provider_id}"
