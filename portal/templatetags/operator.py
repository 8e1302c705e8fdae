"""Labels of the operator's pages."""

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

register = template.Library()

OPENING_STATES: dict[str, str | Promise] = {
    "waiting": _("Waiting for a worker"),
    "opening": _("Being opened"),
    "done": _("Done"),
    "refused": _("Refused"),
    "failed": _("Failed"),
}


@register.filter
def opening_state(state: str) -> str:
    return str(OPENING_STATES[state])


@register.filter
def per_cent(share: float | None) -> str:
    """A share of a hundred; small ones keep the digits that matter."""
    if share is None:
        return "–"
    if not share:
        return "0%"
    return f"{share:.1f}%" if share >= 1 else f"{share:.2f}%"
