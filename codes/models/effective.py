"""The one colour the city stands by for a citizen, and every change of it."""

from django.db import models
from django.db.models import Q

from codes.models.citizen import Citizen
from codes.models.run import Run
from regions.append_only import AppendOnly

COLOURS = ["red", "yellow", "green", "unknown"]
BECAUSE = ["ruling", "agreement", "policy", "unknown"]


class EffectiveCode(models.Model):
    """A citizen's effective code where it is anything but green by agreement, which is no row."""

    citizen = models.OneToOneField(Citizen, on_delete=models.PROTECT, related_name="effective")
    colour = models.TextField()
    because = models.TextField()
    since = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["colour", "because"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(colour__in=COLOURS, because__in=BECAUSE), name="effective_code_is_known"
            ),
            models.CheckConstraint(
                condition=Q(colour="unknown", because="unknown") | ~Q(colour="unknown") & ~Q(because="unknown"),
                name="unknown_is_only_because_unknown",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.citizen_id} {self.colour}"


class EffectiveChange(AppendOnly):
    """From, to, since and because of every change. ``run`` or ``ruling`` says what brought it."""

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="effective_changes")
    before = models.TextField()
    before_because = models.TextField()
    after = models.TextField()
    after_because = models.TextField()
    since = models.DateTimeField()
    day = models.DateField()
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="+")
    ruling = models.ForeignKey("codes.Ruling", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    before__in=COLOURS, after__in=COLOURS, before_because__in=BECAUSE, after_because__in=BECAUSE
                ),
                name="effective_change_is_known",
            ),
            models.CheckConstraint(
                condition=Q(run__isnull=False) | Q(ruling__isnull=False), name="effective_change_has_a_cause"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"
