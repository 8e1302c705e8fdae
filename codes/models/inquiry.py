"""Requests by officials: to the citizen for information, and to a source's owner to correct a record."""

from typing import Self

from django.db import models
from django.db.models import Q

from codes.models.case import Case
from codes.models.citizen import Citizen, Guardianship
from codes.models.fact import Fact
from regions.transitions import TransitionTable


class InformationRequest(models.Model):
    """A question to the case's citizen. While it is open, the case's deadline is paused."""

    class State(models.TextChoices):
        OPEN = "open"
        ANSWERED = "answered"
        LAPSED = "lapsed"
        DROPPED = "dropped"

    TRANSITIONS = TransitionTable.of(
        (State.OPEN, "answer", State.ANSWERED),
        (State.OPEN, "lapse", State.LAPSED),
        (State.OPEN, "drop", State.DROPPED),
    )

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="information_requests")
    state = models.TextField(choices=State.choices, default=State.OPEN)
    question = models.TextField()
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    answer_by = models.DateTimeField(help_text="when the review goes on without an answer")
    answer = models.TextField(blank=True)
    answered_by = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["answer_by"], condition=Q(state="open"), name="information_due")]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(state="open"), name="one_open_question_per_case"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True)
                | Q(state__in=["answered", "lapsed", "dropped"], closed_at__isnull=False),
                name="question_is_closed_when_its_state_says_so",
            ),
            models.CheckConstraint(condition=~Q(question="") & ~Q(asked_by=""), name="question_has_words_and_an_asker"),
            models.CheckConstraint(condition=~Q(state="answered") | ~Q(answered_by=""), name="answer_is_somebodys"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.state}"


class CorrectionRequest(models.Model):
    """A wrong record sent back to the owner of its source.

    The deadline is not paused, so that the citizen does not wait for an office.
    """

    class Answer(models.TextChoices):
        CORRECTED = "corrected"
        UPHELD = "upheld"
        NOT_OURS = "not_ours"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="correction_requests")
    fact = models.ForeignKey(Fact, on_delete=models.PROTECT, related_name="+", db_index=False)
    text = models.TextField()
    sent_to = models.TextField(help_text="the office that owns the record")
    sent_by = models.TextField()
    sent_at = models.DateTimeField()
    answer = models.TextField(blank=True, choices=Answer.choices)
    answer_text = models.TextField(blank=True)
    answer_entered_by = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["sent_at"], condition=Q(answered_at__isnull=True), name="corrections_unanswered")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "fact"],
                condition=Q(answered_at__isnull=True),
                name="one_open_correction_per_record_and_case",
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="", answer_entered_by="")
                | Q(answered_at__isnull=False, answer__in=["corrected", "upheld", "not_ours"])
                & ~Q(answer_entered_by=""),
                name="correction_answer_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(text="") & ~Q(sent_to="") & ~Q(sent_by=""), name="correction_says_what_to_whom"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.sent_to}"


CONTENT_TYPES = ["image/jpeg", "image/png", "image/webp", "application/pdf"]


DRAFT = Q(case__isnull=True, guardianship__isnull=True)


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def drafts(self) -> Self:
        """Return the files that are not attached to anything yet. They are attached once, or discarded."""
        return self.filter(DRAFT)


class Evidence(models.Model):
    """One file.

    ``name`` is random and is the file's name below ``MEDIA_ROOT/<schema>/``. Without a case and a guardianship it is a
    draft.

    ``sha256`` is the digest of the stored file, after re-encoding and before encryption. Exports name the file by it.
    """

    name = models.TextField(unique=True)
    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="evidence")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="evidence")
    guardianship = models.ForeignKey(Guardianship, on_delete=models.PROTECT, null=True, related_name="evidence")
    content_type = models.TextField()
    original_name = models.TextField(blank=True)
    size = models.IntegerField(help_text="bytes")
    sha256 = models.BinaryField()
    uploaded_by = models.TextField()
    uploaded_at = models.DateTimeField()
    redrawn = models.BooleanField(default=False, help_text="false for PDFs of earlier versions, kept as they came")

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["uploaded_at"],
                condition=DRAFT,
                name="evidence_drafts",
            )
        ]
        constraints = [
            models.CheckConstraint(condition=Q(content_type__in=CONTENT_TYPES), name="evidence_type_is_known"),
            models.CheckConstraint(condition=~Q(uploaded_by=""), name="evidence_has_an_uploader"),
            models.CheckConstraint(
                condition=Q(case__isnull=True) | Q(guardianship__isnull=True), name="evidence_belongs_to_one_matter"
            ),
        ]

    def __str__(self) -> str:
        return self.name
