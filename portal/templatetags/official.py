"""Filters for the officials' pages: kinds of cases, states of proposals, reasons, lines of a timeline."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from codes.citizens.guardianship import Relation
from codes.models import SecondLook
from codes.review.cases.notes import MENTION
from codes.vocabulary import Colour
from portal.official.cases.forms import ANSWERS
from portal.templatetags.page import free_text
from portal.templatetags.staff import CASE_KINDS, ENDS, REVIEW_REASONS, label_filter
from portal.web.risk_levels import level_label
from regions.staff.accounts import full_name_of

register = template.Library()

PROPOSAL_STATES: dict[str, str | Promise] = {
    "proposed": gettext_lazy("waiting for a second official"),
    "approved": gettext_lazy("in force"),
    "refused": gettext_lazy("sent back"),
    "withdrawn": gettext_lazy("taken back"),
    "ended": gettext_lazy("ended"),
}


@register.filter
def review_reason(code: str) -> str:
    """Return the label of a reason from any list. Codes that occur in two lists have the same meaning in both."""
    found = next((words(code) for words in REVIEW_REASONS if code in set(words)), None)
    return str(found.label) if found is not None else code


@register.filter
def note_text(text: str) -> str:
    """Return a note's text with the names of the mentioned colleagues in place of their user names."""
    return free_text(MENTION.sub(lambda found: f"@{full_name_of(found[1])}", text))


label_filter(register, "second_look", {one.value: one.label for one in SecondLook.Outcome})


@register.filter
def relative(relation: str) -> str:
    if relation == "guardian":
        return _("guardian")
    return str(Relation(relation).label)


@register.filter
def event_detail(event: Mapping[str, Any]) -> str:
    """Return the details of an event: the colour, the reason, the assignee. The reason of an end is not that of what ended."""
    data = event["data"]
    parts = []
    if data.get("colour") in set(Colour):
        parts.append(str(Colour(data["colour"]).label))
    if reason := data.get("end_code" if event["verb"] in ENDS else "reason_code"):
        parts.append(review_reason(reason))
    if data.get("assigned_to"):
        parts.append(_("to %(who)s") % {"who": data["assigned_to"]})
    if data.get("before") and event["verb"] in ("taken_over", "assigned"):
        parts.append(_("from %(who)s") % {"who": data["before"]})
    return " · ".join(parts)


DRAFT_STATES: dict[str, str | Promise] = {
    "editing": gettext_lazy("Being drafted"),
    "proposed": gettext_lazy("Waits for an approver"),
    "published": gettext_lazy("Put in force"),
    "refused": gettext_lazy("Refused"),
    "dropped": gettext_lazy("Dropped"),
}


@register.filter
def risk_level(level: str) -> str:
    """Return the label of a usual level; a city's own levels are shown as they are."""
    return level_label(level)


SOURCE_STATES: dict[str, str | Promise] = {
    "fresh": gettext_lazy("Up to date"),
    "failing": gettext_lazy("The last delivery failed; codes rest on the one before"),
    "retired": gettext_lazy("Retired: no longer collected"),
    "stale": gettext_lazy("Too old: codes that rest on it cannot be determined"),
    "never": gettext_lazy("Nothing accepted yet: codes that rest on it cannot be determined"),
}
CHANGE_STATES: dict[str, str | Promise] = {
    "proposed": gettext_lazy("Waits for an approver"),
    "in_force": gettext_lazy("In force"),
    "refused": gettext_lazy("Refused"),
    "withdrawn": gettext_lazy("Withdrawn"),
}
SOURCE_KINDS: dict[str, str | Promise] = {
    "police_database": gettext_lazy("Police database"),
    "big_data_centre": gettext_lazy("Big-data centre"),
}


@register.filter
def percent(share: float) -> str:
    return f"{share * 100:g}%"


label_filter(register, "case_kind", CASE_KINDS)
label_filter(register, "proposal_state", PROPOSAL_STATES)
label_filter(register, "draft_state", DRAFT_STATES)
label_filter(register, "source_state", SOURCE_STATES)
label_filter(register, "change_state", CHANGE_STATES)
label_filter(register, "source_kind", SOURCE_KINDS)
label_filter(register, "correction_answer", ANSWERS)
