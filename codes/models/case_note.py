"""Internal notes on a case, and the colleagues they mention."""

from django.db import models
from django.db.models import Q

from codes.models.case import Case


class CaseNote(models.Model):
    """An official's note to colleagues about a case; never shown to its citizen. ``@name`` in it mentions a colleague."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes")
    text = models.TextField()
    written_by = models.TextField()
    written_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text="") & ~Q(written_by=""), name="note_has_words_and_a_writer")
        ]

    def __str__(self) -> str:
        return f"{self.case_id} by {self.written_by}"


class NoteMention(models.Model):
    """A colleague mentioned in a note. The note is listed on their overview until they have opened it."""

    note = models.ForeignKey(CaseNote, on_delete=models.PROTECT, related_name="mentions")
    username = models.TextField()
    opened_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["username", "id"], condition=Q(opened_at__isnull=True), name="mentions_to_open")
        ]
        constraints = [
            models.UniqueConstraint(fields=["note", "username"], name="note_mentions_somebody_once"),
            models.CheckConstraint(condition=~Q(username=""), name="mention_is_of_somebody"),
        ]

    def __str__(self) -> str:
        return self.username
