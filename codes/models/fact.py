"""Facts: dated statements about a citizen, from one origin, in versions that are never changed."""

import re
from typing import ClassVar, cast

from django.db import models
from django.db.models import Q

from codes.models.citizen import Citizen
from codes.models.provider import Provider
from regions.rights import AppendOnly
from regions.sources.models import Batch, Source

ONE_ORIGIN = (
    Q(origin="source", source__isnull=False, provider__isnull=True)
    | Q(origin="provider", source__isnull=True, provider__isnull=False)
    | Q(origin="city", source__isnull=True, provider__isnull=True)
)


DECLARED_PART = re.compile(r"/[a-z_]+(/\d+)?$")


def record_number(record_id: str, *, is_declared: bool) -> str:
    """Return the number by which pages name a record: for a source's record its own id, for a declared record the
    entry's id without the part that the city adds.
    """
    return DECLARED_PART.sub("", record_id) if is_declared else record_id


class Fact(AppendOnly):
    """One version of one record. ``version`` counts in the order of receipt.

    ``superseded``: a later version exists. The latest version of a record is the one recorded last; among those, the
    one received last.
    """

    updatable_columns: ClassVar[tuple[str, ...]] = ("superseded",)

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="facts", db_index=False)
    origin = models.TextField()
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    record_id = models.TextField()
    version = models.IntegerField()
    superseded = models.BooleanField(default=False)
    revoked = models.BooleanField(default=False)
    kind = models.TextField()
    area = models.CharField(max_length=6, null=True)  # noqa: DJ001 - none is not the empty text
    started_on = models.DateField()
    ended_on = models.DateField(null=True)
    recorded_at = models.DateTimeField()
    received_at = models.DateTimeField()
    detail = models.JSONField(default=dict)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="+")
    digest = models.BinaryField(null=True, help_text="of its content: tells a repeated delivery from a new version")

    class Meta:
        indexes = [
            models.Index(fields=["citizen", "started_on"], name="facts_of_citizen_by_day"),
            models.Index(
                fields=["citizen", "started_on"], condition=~Q(kind="negative_test"), name="facts_but_tests_by_day"
            ),
            models.Index(fields=["citizen", "area"], condition=Q(area__isnull=False), name="areas_of_citizen"),
            models.Index(
                fields=["source"], condition=Q(kind="area_stay", area__endswith="00"), name="fact_stays_by_prefecture"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["record_id", "version", "source", "provider"],
                nulls_distinct=False,
                name="record_version_is_unique",
            ),
            models.CheckConstraint(condition=ONE_ORIGIN, name="fact_has_exactly_one_origin"),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=models.F("started_on")),
                name="fact_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=~Q(kind="area_stay") | Q(area__isnull=False) | Q(revoked=True), name="area_stay_has_an_area"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record_id} v{self.version}"


class StatedName(models.Model):
    """The name that one origin last gave for a citizen.

    Names do not identify: facts belong to the citizen regardless of the names.
    """

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="stated_names")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    full_name = models.TextField()
    stated_at = models.DateTimeField(help_text="recorded_at of the record or submitted_at of the declaration")
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["citizen", "source", "provider"], nulls_distinct=False, name="one_name_per_origin"
            ),
            models.CheckConstraint(
                condition=Q(source__isnull=False, provider__isnull=True)
                | Q(source__isnull=True, provider__isnull=False),
                name="stated_name_has_one_origin",
            ),
            models.CheckConstraint(condition=~Q(full_name=""), name="stated_name_is_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.citizen_id} by {self.stated_by}"

    @property
    def stated_by(self) -> Source | Provider:
        """The origin that stated the name: a source or a provider."""
        return cast("Source | Provider", self.source or self.provider)
