"""Words that are stored and sent as values of ours and labelled by the catalogue, so that every floor says them alike."""

from django.db.models import TextChoices
from django.utils import translation


class Worded(TextChoices):
    """Members are written ``NAME = "value", _("English")``; the Chinese stands in ``locale/``."""

    def said_in(self, language: str) -> str:
        """The label in a language tag, whatever language is active: Chinese for every `zh…`, English for all others."""
        with translation.override("zh-hans" if language.lower().startswith("zh") else "en"):
            return str(self.label)
