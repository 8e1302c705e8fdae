"""A source's settings in words, before and after; a credential is named and never shown."""

from typing import Any, NamedTuple

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regions.sources.models import SourceChange
from regions.vocabulary import FactKind

TITLES: dict[str, str | Promise] = {
    "base_url": gettext_lazy("Address"),
    "app_id": gettext_lazy("Our identity with them (app_id)"),
    "records_view": gettext_lazy("View of the records"),
    "clock_view": gettext_lazy("View of the clock"),
    "page_size": gettext_lazy("Records a page"),
    "max_age_hours": gettext_lazy("Oldest horizon in hours"),
    "max_bad_share": gettext_lazy("Bad records a delivery may have, in percent"),
}


class SettingRow(NamedTuple):
    """One line of the comparison; empty texts are said as a dash by the page."""

    title: str
    before: str
    after: str


def setting_rows(change: SourceChange) -> list[SettingRow]:
    """What differs, setting by setting; of the mapping only the words that differ."""
    rows = [
        SettingRow(str(TITLES[name]), _plain(name, change.before[name]), _plain(name, value))
        for name, value in change.values.items()
        if name != "kinds"
    ]
    if change.credential is not None:
        rows.append(SettingRow(_("Credential"), _("the present one"), _("a new one, encrypted")))
    return rows + _mapping_rows(change.before.get("kinds", {}), change.values.get("kinds", {}))


def _mapping_rows(before: dict[str, str], after: dict[str, str]) -> list[SettingRow]:
    words = sorted(word for word in before.keys() | after.keys() if before.get(word) != after.get(word))
    title = _("The word “%(word)s” means")
    return [SettingRow(title % {"word": word}, _kind(before.get(word)), _kind(after.get(word))) for word in words]


def _plain(name: str, value: Any) -> str:
    if name == "max_bad_share":
        return f"{value * 100:g} %"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _kind(kind: str | None) -> str:
    return FactKind(kind).said_in(translation.get_language()) if kind else ""
