"""The public figures of a week: counts that are written once and never changed."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from regions.rights import AppendOnly

LEAST_GROUP = 10


class PublishedWeek(AppendOnly):
    """The week that begins on ``monday``, as made by ``codes.public_figures``.

    Null: not published, because a group is smaller than ``LEAST_GROUP``.

    ``people`` is rounded, so that the difference of two weeks does not reveal a few people. ``causes`` is empty if no
    run settled.
    """

    monday = models.DateField(unique=True)
    people = models.BigIntegerField()
    causes = models.JSONField(default=dict, help_text="primary cause -> disagreements that were found; null: not told")
    disagreements = models.BigIntegerField(null=True)
    decided = models.BigIntegerField(null=True)
    median_hours = models.IntegerField(null=True)
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(monday__iso_week_day=1), name="published_week_begins_on_a_monday"),
            models.CheckConstraint(
                condition=Q(people=F("people") / LEAST_GROUP * LEAST_GROUP), name="published_people_are_rounded"
            ),
            models.CheckConstraint(
                condition=(Q(disagreements__isnull=True) | Q(disagreements=0) | Q(disagreements__gte=LEAST_GROUP))
                & (Q(decided__isnull=True) | Q(decided=0) | Q(decided__gte=LEAST_GROUP)),
                name="published_groups_are_not_small",
            ),
            models.CheckConstraint(
                condition=Q(median_hours__isnull=True) | Q(decided__isnull=False, decided__gte=LEAST_GROUP),
                name="published_median_is_of_a_group",
            ),
        ]

    def __str__(self) -> str:
        return str(self.monday)

    def of_cause(self, cause: str) -> Any:
        """Return the disagreements with the cause; ``None`` if they are not published or no run settled."""
        return self.causes.get(cause)
