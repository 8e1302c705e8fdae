"""All records of a group's guilty piece, ruled to be wrong as one act of two people."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from codes.models.run import Run
from regions.proposals import EndableProposal, two_people_and_end
from regions.sources.models import Source


class Mending(EndableProposal):
    """What it covers are its ``suppressions``, fixed when it is proposed: the second person decides about exactly these.

    ``cases``, ``records`` and ``people`` are their numbers as proposed; ``run`` is the mending run of the approval, none while
    it waits for a run under way.
    """

    NAME: ClassVar[str] = "mending"

    group_key = models.TextField(help_text="as in PairDiagnosis: what the cases have in common")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    evidence = models.JSONField(default=list, help_text="documents that stand for all of the records")
    cases = models.IntegerField()
    records = models.IntegerField()
    people = models.IntegerField()
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["proposed_at"], condition=Q(state="proposed"), name="mendings_to_decide")]
        constraints = [
            *two_people_and_end("mending"),
            models.CheckConstraint(condition=Q(evidence__0__isnull=False), name="mending_rests_on_evidence"),
            models.CheckConstraint(condition=Q(cases__gt=0, records__gt=0, people__gt=0), name="mending_is_of_a_group"),
            models.UniqueConstraint(
                fields=["group_key"], condition=Q(state="proposed"), name="one_proposed_mending_per_group"
            ),
        ]

    def __str__(self) -> str:
        return self.group_key

    def described(self) -> dict[str, Any]:
        counted = {"records": self.records, "people": self.people}
        return {"group": self.group_key, "source": self.source.code, "reason_code": self.reason_code, **counted}
