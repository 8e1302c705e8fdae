"""Words of the rule sets' pages."""

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

register = template.Library()

DRAFT_STATES: dict[str, str | Promise] = {
    "editing": _("Being drafted"),
    "proposed": _("Waits for an approver"),
    "published": _("Put in force"),
    "refused": _("Refused"),
    "dropped": _("Dropped"),
}
RISK_LEVELS: dict[str, str | Promise] = {"high": _("high risk"), "medium": _("medium risk"), "low": _("low risk")}


@register.filter
def draft_state(state: str) -> str:
    """Where a draft stands."""
    return str(DRAFT_STATES[state])


@register.filter
def risk_level(level: str) -> str:
    """The usual levels in words; a city may have its own."""
    return str(RISK_LEVELS.get(level, level))
