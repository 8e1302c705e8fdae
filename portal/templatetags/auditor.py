"""Filters for the auditor's pages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from portal.auditor import report_labels
from portal.templatetags.staff import label_filter
from regions.journal.verify import break_message

register = template.Library()

EXPORT_STATES: dict[str, str | Promise] = {
    "waiting": _("Waiting for a worker"),
    "writing": _("Being written"),
    "done": pgettext_lazy("export", "Ready"),
    "failed": _("Failed"),
    "expired": _("Removed"),
}
ASPECTS: dict[str, str | Promise] = {
    "colour": _("Colour"),
    "rule_set_version": _("Rule-set version"),
    "hits": _("Hits"),
    "turns_green_on": _("Turns green on"),
    "needs": _("Missing acts"),
}


label_filter(register, "aspect", ASPECTS)
label_filter(register, "export_state", EXPORT_STATES)


@register.filter
def report_title(report: str) -> str:
    """Return the title of a report, or its code if it is unknown."""
    return report_labels.report_title(report) if report in set(report_labels.ReportTitle) else report


@register.filter
def instant(text: str) -> datetime | str:
    """Convert an ISO 8601 instant to the city's time; return any other text unchanged."""
    try:
        return timezone.localtime(datetime.fromisoformat(text))
    except ValueError:
        return text


@register.filter
def witness(name: str, cities: Mapping[str, str]) -> str:
    """Return the label of a witness of the journal; ``cities`` maps schemas to names."""
    kind, _separator, city = name.partition(":")
    words = {
        "city": _("the city {name}"),
        "outside": _("the outside witness"),
        "auditor": _("the auditor's key"),
    }
    return str(words[kind]).format(name=cities.get(city, city)) if kind in words else name


@register.filter(name="break_message")
def break_in_language(data: Mapping[str, Any]) -> str:
    """Return the sentence for a broken journal, in the page's language."""
    return break_message(data, get_language())
