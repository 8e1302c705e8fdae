"""Entries that providers send about a person, stored as received: declarations, daily check-ins and the colours they displayed."""

from typing import Any

from django.db import models
from django.db.models import Q

from codes.models.citizen import Citizen
from codes.models.provider import Provider
from regions.rights import AppendOnly


class DateMultiRangeField(models.Field):  # type: ignore[type-arg]  # generic only in the stubs
    """A set of days as PostgreSQL's ``datemultirange``, which merges adjacent ranges itself.

    It is written and read in SQL only.
    """

    def db_type(self, connection: Any) -> str:  # noqa: ARG002 - Django asks with it
        return "datemultirange"


class Entry(AppendOnly):
    """One accepted line. ``content`` omits the identity: name, ID number and phone are stored with the citizen.

    Entries of one person with one provider are ordered by ``instant``, then by receipt (``docs/semantics.md`` §2).
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="entries")
    entry_id = models.TextField()
    type = models.TextField()
    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="entries")
    submitted_at = models.DateTimeField(null=True, help_text="as the provider says")
    instant = models.DateTimeField(help_text="submitted_at or received_at, whichever is earlier")
    day = models.DateField(null=True)
    healthy = models.BooleanField(null=True)
    late = models.BooleanField(
        default=False, help_text="healthy, submitted after the day after its day: counts for nothing"
    )
    received_at = models.DateTimeField()
    digest = models.BinaryField(help_text="of the whole line: tells a repeated line from a changed one")
    content = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(
                fields=["citizen", "provider", "instant"],
                condition=Q(type="declaration"),
                name="entry_declarations",
            ),
            models.Index(fields=["citizen", "provider", "day"], condition=Q(type="check_in"), name="entry_check_ins"),
            models.Index(
                fields=["citizen", "provider", "instant"], condition=Q(type="displayed"), name="entry_displayed"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["provider", "entry_id"], name="entry_id_is_unique_for_its_provider"),
            models.CheckConstraint(
                condition=Q(type="declaration", submitted_at__isnull=False, day__isnull=True, healthy__isnull=True)
                | Q(type="check_in", day__isnull=False, healthy__isnull=False)
                | Q(type="displayed", submitted_at__isnull=True, day__isnull=True, healthy__isnull=True),
                name="entry_has_the_fields_of_its_type",
            ),
            models.CheckConstraint(
                condition=Q(instant__lte=models.F("received_at"))
                & (Q(submitted_at__isnull=True) | Q(instant__lte=models.F("submitted_at"))),
                name="entry_is_of_no_instant_after_its_receipt",
            ),
            models.CheckConstraint(
                condition=Q(late=False) | Q(type="check_in", healthy=True), name="only_a_healthy_check_in_is_late"
            ),
        ]

    def __str__(self) -> str:
        return self.entry_id


class CheckInDays(models.Model):
    """The days that count as healthy for a citizen with a provider, as one value.

    The engine reads it instead of the daily rows.

    A day counts if its last check-in that is not late is healthy. ``complete_at`` is the receipt of the newest entry
    that changed the value; a query for an earlier instant reads the entries.
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
