"""The audit journal of a city: every change, who made it and when. Each entry's digest covers the entry before it."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Self

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTransform

from regions.rights import AppendOnly


class JournalEntryQuerySet(models.QuerySet["JournalEntry"]):
    def about(self, subjects: Iterable[str]) -> Self:
        """Return entries about any of these subjects, including entries of acts on many subjects."""
        wanted = list(subjects)
        among = reduce(or_, (Q(data__subjects__contains=[one]) for one in wanted), Q(pk__in=[]))
        return self.filter(Q(subject__in=wanted) | Q(data__has_key="subjects") & among)


class JournalEntry(AppendOnly):
    """One act. ``digest`` is SHA-256 over the previous digest and this entry's canonical JSON.

    An act on many subjects has no ``subject``; its data lists them as ``subjects``. ``rows`` records what the act, and its
    transaction since the previous entry, changed in accounted rows.
    """

    seq = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    by = models.TextField(help_text="user name, or system")
    verb = models.TextField()
    subject = models.TextField(blank=True, help_text="what it was done to, such as case:12")
    data = models.JSONField(default=dict)
    rows = models.JSONField(null=True, help_text="what the act did to accounted rows: regions.accounted")
    previous = models.BinaryField()
    digest = models.BinaryField()

    objects = JournalEntryQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["subject", "seq"]),
            models.Index(fields=["verb", "seq"]),
            models.Index(fields=["by", "seq"]),
            models.Index(fields=["at"]),
            GinIndex(
                KeyTransform("subjects", "data"),
                name="journal_entry_many_subjects",
                condition=Q(data__has_key="subjects"),
            ),
        ]
        constraints = [models.CheckConstraint(condition=~Q(by=""), name="journal_entry_has_an_actor")]

    def __str__(self) -> str:
        return f"{self.seq} {self.verb}"

    @property
    def subjects(self) -> list[str]:
        """Return what the act was done to: its one subject, or those listed in its data."""
        return [self.subject] if self.subject else self.data.get("subjects", [])


class Checkpoint(AppendOnly):
    """A signed statement that the chain had this length and this digest. It reveals a tail cut off later."""

    seq = models.BigIntegerField()
    digest = models.BinaryField()
    at = models.DateTimeField()
    key_id = models.BigIntegerField()
    signature = models.BinaryField()

    def __str__(self) -> str:
        return f"checkpoint at {self.seq}"
