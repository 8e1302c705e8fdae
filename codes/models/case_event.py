"""What happened to a case, in order: the timeline its citizen and its officials read."""

from django.db import models

from codes.models.case import Case
from regions.append_only import AppendOnly


class CaseEvent(AppendOnly):
    """One step. ``verb`` is one of ``codes.review.life.Verb``."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    by = models.TextField(help_text="user name, citizen:<ref>, or system")
    verb = models.TextField()
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return self.verb
