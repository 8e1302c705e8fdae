"""Words of the sources' pages: how fresh a source is, and what became of a change."""

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

register = template.Library()

SOURCE_STATES: dict[str, str | Promise] = {
    "fresh": _("Up to date"),
    "stale": _("Too old: codes that rest on it cannot be determined"),
    "never": _("Nothing accepted yet: codes that rest on it cannot be determined"),
}
CHANGE_STATES: dict[str, str | Promise] = {
    "proposed": _("Waits for an approver"),
    "in_force": _("In force"),
    "refused": _("Refused"),
    "withdrawn": _("Withdrawn"),
}
SOURCE_KINDS: dict[str, str | Promise] = {
    "police_database": _("Police database"),
    "big_data_centre": _("Big-data centre"),
}


@register.filter
def source_state(state: str) -> str:
    """How fresh a source is, and what follows from it."""
    return str(SOURCE_STATES[state])


@register.filter
def change_state(state: str) -> str:
    """What became of a proposed change."""
    return str(CHANGE_STATES[state])


@register.filter
def source_kind(kind: str) -> str:
    """Of which kind a source is."""
    return str(SOURCE_KINDS[kind])


@register.filter
def percent(share: float) -> str:
    """A share as people say it."""
    return f"{share * 100:g} %"
