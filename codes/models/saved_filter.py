"""Filters of the queue that an official keeps by name."""

from django.db import models
from django.db.models import Q

from regions.staff.models import Account


class SavedFilter(models.Model):
    """One saved filter.

    ``query`` is the query string of the queue's address in canonical order, so that no filter is saved twice.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="saved_filters")
    name = models.TextField()
    query = models.TextField()
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="saved_filter_has_a_name_of_its_own"),
            models.UniqueConstraint(fields=["account", "query"], name="filter_is_saved_once"),
            models.UniqueConstraint(
                fields=["account"], condition=Q(is_default=True), name="one_default_filter_per_account"
            ),
            models.CheckConstraint(condition=~Q(name="") & ~Q(query=""), name="saved_filter_says_what_and_how"),
        ]

    def __str__(self) -> str:
        return self.name
