"""Labels on the pages of all staff: states of runs and batches, who acted, why a provider could not judge."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from codes.models import Case
from codes.review.appeals.policy import AppealReason
from codes.review.cases.transitions import Verb
from codes.review.reasons import RefusalReason, RulingReason, SuppressionReason, UpholdReason

register = template.Library()

CASE_KINDS: dict[str, str | Promise] = {
    Case.Kind.DISAGREEMENT: _("Disagreement"),
    Case.Kind.SUSPENSION: _("Suspended decision"),
    Case.Kind.APPEAL: _("Appeal"),
}
REVIEW_REASONS: tuple[type[TextChoices], ...] = (
    RulingReason,
    SuppressionReason,
    UpholdReason,
    RefusalReason,
    AppealReason,
)
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


def label_filter(register: template.Library, name: str, labels: Mapping[Any, str | Promise]) -> None:
    """Register a filter that gives a stored code its label."""
    register.filter(name, lambda code: str(labels[code]))


label_filter(register, "run_state", RUN_STATES)
label_filter(register, "batch_state", BATCH_STATES)
label_filter(register, "why_unknown", WHY_UNKNOWN)


@register.filter
def case_verb(verb: str) -> str:
    return str(Verb(verb).label)
