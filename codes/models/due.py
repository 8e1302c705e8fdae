"""When verdicts change without new facts, and the people whom the current run judges
(``docs/adr/0059-the-work-follows-what-changed.md``).
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from codes.models.citizen import Citizen
from codes.models.entry import DateMultiRangeField
from codes.models.provider import Provider
from codes.models.run import Run


class NextChange(models.Model):
    """What can change the verdict of a citizen with a provider, apart from new versions of records.

    A row exists for citizens who have a hit, in force or yet to begin.

    ``next_on``: the first day on which the verdict can change without new data; null if no day changes it.
    ``checked_in``: the verdict depends on check-ins, and these days before ``judged_on`` were healthy; the row is valid
    while they are unchanged. ``has_streak``: it is valid only while all days since are healthy (true) or none of them is
    (false); null: in both cases. ``kinds``: the kinds of facts by which a new fact could
    release the hit. ``rests_from``: a fact that began earlier cannot affect the verdict unless that fact or another
    gets a new version. The rows are written together with the verdicts, which count once the run has settled. Until
    then the row of an earlier ``run`` is missing, and a row with ``gone`` belongs to a citizen for whom the run found
    no hit any more.
    """

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="+", db_index=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+", db_index=False)
    next_on = models.DateField(null=True)
    judged_on = models.DateField(null=True)
    checked_in = DateMultiRangeField(null=True)
    kinds = ArrayField(models.TextField(), default=list)
    rests_from = models.DateField(null=True)
    has_streak = models.BooleanField(null=True)
    gone = models.BooleanField(default=False)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        indexes = [
            models.Index(fields=["next_on"], name="next_changes_by_day"),
            models.Index(fields=["run"], condition=Q(gone=True), name="next_changes_gone"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["citizen", "provider"], name="one_next_change_per_verdict"),
        ]

    def __str__(self) -> str:
        return f"{self.citizen_id} {self.provider_id} {self.next_on}"


class DueCitizen(models.Model):
    """A person whom the current run judges, if it does not judge everybody. The rows of the next run replace them.

    ``reads_from``: facts that began earlier have had their effect and need not be read; null: all facts are read.
    ``foreseen``: for a person who is judged for proof only, the content of their ``NextChange`` rows before
    (``docs/adr/0060-…``).
    """

    citizen = models.OneToOneField(Citizen, on_delete=models.PROTECT, related_name="+")
    reads_from = models.DateField(null=True)
    foreseen = models.JSONField(null=True)

    def __str__(self) -> str:
        return str(self.citizen_id)
