"""Files that citizens and officials put in: checked, re-encoded, encrypted outside the web root; here is what they are."""

from typing import Self

from django.db import models
from django.db.models import Q

from codes.models.case import Case
from codes.models.citizen import Citizen, Guardianship

CONTENT_TYPES = ["image/jpeg", "image/png", "image/webp", "application/pdf"]


DRAFT = Q(case__isnull=True, guardianship__isnull=True)


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    """What is asked of files."""

    def drafts(self) -> Self:
        """Files that belong to nothing yet: they are attached once, or discarded."""
        return self.filter(DRAFT)


class Evidence(models.Model):
    """One file. ``name`` is random and the file's name below ``MEDIA_ROOT/<schema>/``; without a case it is a draft.

    ``sha256`` is of the file as it is kept (after re-encoding, before encryption); it is what an export names.
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
