"""Filters for the pages of all staff: states of runs and batches, actors, and why a provider could not judge."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language, gettext, pgettext
from django.utils.translation import gettext_lazy as _

from codes.models import Case, HeldGroup, Run, RunFault, WhyUnknown
from codes.review.appeals.policy import AppealReason
from codes.review.cases.transitions import Verb
from codes.review.reasons import (
    RefusalReason,
    RulingEndReason,
    RulingReason,
    SuppressionEndReason,
    SuppressionReason,
    UpholdReason,
)
from portal.templatetags.page import actor, gap, titled, untranslated
from regions.leased_jobs import Reported
from regions.sources.models import Source
from regions.staff.accounts import full_name_of
from regions.staff.models import StaffChange
from regions.vocabulary import grouped

register = template.Library()

CASE_KINDS: dict[str, str | Promise] = {
    Case.Kind.DISAGREEMENT: _("Disagreement"),
    Case.Kind.SUSPENSION: _("Suspended decision"),
    Case.Kind.APPEAL: _("Appeal"),
    Case.Kind.CORRECTION: _("Correction asked by another city"),
}
REVIEW_REASONS: tuple[type[TextChoices], ...] = (
    RulingReason,
    SuppressionReason,
    UpholdReason,
    RefusalReason,
    AppealReason,
    RulingEndReason,
    SuppressionEndReason,
)
RUN_STATES: dict[str, str | Promise] = {
    "collecting": _("Collecting"),
    "evaluating": _("Judging"),
    "settling": _("Settling"),
    "done": _("Done"),
    "partial": _("Done in part"),
    "failed": _("Failed"),
    "mended": _("Some people judged again"),
    "kept": _("Kept as history"),
}
BATCH_STATES: dict[str, str | Promise] = {
    "staging": _("Being checked"),
    "accepted": _("Accepted"),
    "refused": _("Refused"),
    "held": _("Held for two people"),
}


def label_filter(register: template.Library, name: str, labels: Mapping[Any, str | Promise]) -> None:
    """Register a filter that returns the label of a stored code."""
    register.filter(name, lambda code: str(labels[code]))


label_filter(register, "run_state", RUN_STATES)
label_filter(register, "batch_state", BATCH_STATES)
label_filter(register, "why_unknown", {one.value: one.label for one in WhyUnknown})


# Verbs of the journal about the end of what was decided in a case.
ENDS: dict[str, str | Promise] = {
    "ruling.end_proposed": _("early end of the ruling proposed"),
    "ruling.end_refused": _("the ruling stays: early end refused"),
    "ruling.ended": _("ruling ended early"),
    "ruling.expired": _("ruling expired"),
    "suppression.end_proposed": _("proposed that the record counts again"),
    "suppression.end_refused": _("the record stays left out"),
    "suppression.ended": _("the record counts again"),
}


@register.filter
def case_verb(verb: str) -> str:
    return str(ENDS[verb]) if verb in ENDS else str(Verb(verb).label)


@register.filter
def account_of(change: StaffChange) -> str:
    """Return the holder of the account a change concerns, with name and user name."""
    name = change.values.get("full_name") or full_name_of(change.username)
    if change.username in name:
        return untranslated(name)
    return untranslated(name + gap() + gettext("(%(what)s)") % {"what": change.username})


@register.filter
def fault_message(row: Reported) -> str:
    """Return why something failed in the page's language. Names, exceptions' texts and free text are marked."""
    if not row.fault:
        return ""
    if isinstance(row, Run) and row.fault == RunFault.INCOMPLETE:
        parts = [(_worded(code, params),) for code, params in row.missing_parts()]
        return format_html_join(pgettext("between faults", "; "), "{}", parts)
    return _worded(row.fault_code, row.params)


WHY_FAILED: dict[str, str | Promise] = {
    RunFault.COLLECTING_FAILED: _(
        "While the sources were asked and the day's inputs were fixed, an error stopped it {attempts} times."
    ),
    RunFault.SETTLING_FAILED: _(
        "Everybody had been judged; when the results were to be put in force, an error stopped it {attempts} times."
    ),
}


@register.filter
def why_failed(run: Run) -> str:
    """Return why a run failed, without technical terms; the exceptions' texts are shown with the failed attempts."""
    sentence = WHY_FAILED.get(run.fault)
    return str(sentence).format(**grouped(run.params)) if sentence else fault_message(run)


def _worded(code: TextChoices, params: Mapping[str, Any]) -> str:
    marked = grouped({name: _marked(name, value) for name, value in params.items()})
    return format_html(str(code.label), **marked) if marked else str(code.label)


def _marked(name: str, value: Any) -> Any:
    match name, value:
        case _, Reported():
            return fault_message(value)
        case _, HeldGroup():
            return value.message_in(get_language() or "en")
        case _, Source():
            return titled(value)
        case "error", _:
            return format_html('<span lang="en" translate="no">{}</span>', value)
        case "reason" | "message", _:
            return format_html('<span lang="">{}</span>', value)
        case "by", _:
            return actor(value)
        case _, str():
            return untranslated(value)
    return value
