"""The labels of the usual levels of risk lists, and the level a text means. A city's own levels are shown as they are."""

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

RISK_LEVELS: dict[str, str | Promise] = {
    "high": _("high risk"),
    "medium": _("medium risk"),
    "low": _("low risk"),
    "national_high": _("high risk, reported nationally"),
    "national_medium": _("medium risk, reported nationally"),
    "neighbouring": _("beside a risk area"),
    "locked_down": _("locked down"),
}


def level_label(level: str) -> str:
    return str(RISK_LEVELS.get(level, level))


def level_meant(text: str) -> str:
    """Return the level with this label in either language, or the text itself if there is none."""
    wanted = text.strip()
    for language, _title in settings.LANGUAGES:
        with override(language):
            found = next(
                (level for level, label in RISK_LEVELS.items() if str(label).casefold() == wanted.casefold()), ""
            )
        if found:
            return found
    return wanted
