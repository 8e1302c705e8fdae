"""Words of the officials' desk: states of runs and batches, who acted, why a provider could not judge."""

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from codes.review.cases.transitions import Verb

register = template.Library()

RUN_STATES: dict[str, str | Promise] = {
    "collecting": _("Collecting"),
    "evaluating": _("Judging"),
    "settling": _("Settling"),
    "held": _("Held for two people"),
    "done": _("Done"),
    "partial": _("Done in part"),
    "failed": _("Failed"),
    "mended": _("Some people judged again"),
}
BATCH_STATES: dict[str, str | Promise] = {
    "staging": _("Being checked"),
    "accepted": _("Accepted"),
    "refused": _("Refused"),
    "held": _("Held for two people"),
}
WHY_UNKNOWN: dict[str, str | Promise] = {
    "no_batch": _("its source has not delivered yet"),
    "stale": _("its source has not delivered for too long"),
    "no_edition": _("no version of its rules is in force"),
}


@register.filter
def run_state(state: str) -> str:
    """What a run's state is called."""
    return str(RUN_STATES[state])


@register.filter
def batch_state(state: str) -> str:
    """What a batch's state is called."""
    return str(BATCH_STATES[state])


@register.filter
def why_unknown(reason: str) -> str:
    """Why a provider could not judge."""
    return str(WHY_UNKNOWN[reason])


@register.filter
def actor(name: str) -> str:
    """Who did it: a person's user name, or the portal itself."""
    return str(_("the portal")) if name == "system" else name


@register.filter
def case_verb(verb: str) -> str:
    """The line of a case's timeline, in the page's language."""
    return str(Verb(verb).label)
