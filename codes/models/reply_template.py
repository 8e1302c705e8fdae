"""Texts that a city keeps for questions to citizens and for decisions."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ReplyTemplate(models.Model):
    """A text in Chinese and, optionally, in English.

    Placeholders such as ``{case}`` are replaced when the template is chosen.
    """

    class Use(models.TextChoices):
        QUESTION = "question", _("questions to citizens")
        DECISION = "decision", _("decisions")

    use = models.TextField(choices=Use.choices)
    name = models.TextField()
    text_zh = models.TextField()
    text_en = models.TextField(blank=True, default="")
    edited_by = models.TextField()
    edited_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["use", "name"], condition=Q(retired_at__isnull=True), name="reply_template_has_its_own_name"
            ),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(text_zh="") & ~Q(edited_by=""), name="reply_template_has_name_and_words"
            ),
            models.CheckConstraint(condition=Q(use__in=["question", "decision"]), name="reply_template_use_is_known"),
        ]

    def __str__(self) -> str:
        return self.name
