"""When verdicts change without new facts, and whom the present run judges (``docs/adr/0059-the-work-follows-what-changed.md``)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from codes.models.citizen import Citizen
from codes.models.entry import DateMultiRangeField
from codes.models.provider import Provider
from codes.models.run import Run


class NextChange(models.Model):
    """What can change the verdict of a citizen who has a hit with a provider, held or yet to begin, beside new versions of records.

    ``next_on``: the first day on which it can be another without anything new; none: no day by itself. ``checked_in``: it rests on
    check-ins, and these days before ``judged_on`` were healthy; it stands while they are the same and all days since are healthy.
    ``kinds``: of which kinds a new fact could release it. ``rests_from``: no fact that began before can matter to it without a new
    version, of that fact or another. Written with the verdicts, which count once the run has settled: until
    then the row of an earlier ``run`` is missing, and ``gone`` is one that the run found to have no hit any more.
    """

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="+", db_index=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+", db_index=False)
    next_on = models.DateField(null=True)
    judged_on = models.DateField(null=True)
    checked_in = DateMultiRangeField(null=True)
    kinds = ArrayField(models.TextField(), default=list)
    rests_from = models.DateField(null=True)
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
    """One of the people whom the run under way judges, where it does not judge everybody; the next run's take their place.

    ``reads_from``: what began before has had its effect, and need not be read; none: all is read. ``foreseen``: of somebody who is
    judged for proof only, what their ``NextChange`` rows said before (``docs/adr/0060-…``).
    """

    citizen = models.OneToOneField(Citizen, on_delete=models.PROTECT, related_name="+")
    reads_from = models.DateField(null=True)
    foreseen = models.JSONField(null=True)

    def __str__(self) -> str:
        return str(self.citizen_id)
