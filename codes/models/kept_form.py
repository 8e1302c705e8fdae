"""The content of forms that a citizen has not sent yet."""

from collections.abc import Mapping
from typing import ClassVar

from django.db import models

from regions.keys.models import Encrypted

KEPT_FORM = "form not yet sent"


class KeptForm(Encrypted):
    """One form of one citizen.

    ``place`` is the form and the person it is about, or the address of the page it was typed on.

    The citizen is named by reference without a foreign key: the row is removed within a day, and nothing else refers to
    it.
    """

    encrypted: ClassVar[Mapping[str, str]] = {"content_encrypted": KEPT_FORM}

    kept_by = models.TextField(help_text="the citizen who typed it")
    place = models.TextField()
    content_encrypted = models.BinaryField()
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kept_by", "place"], name="one_kept_form_per_place")]
        indexes = [models.Index(fields=["kept_at"])]

    def __str__(self) -> str:
        return f"{self.kept_by} {self.place}"
