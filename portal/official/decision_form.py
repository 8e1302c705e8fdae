"""The decision about a case: a colour for a while, or the colour as it is – with the reason the diagnosis suggests filled in."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from codes.models import Case
from codes.review.reasons import RulingReason, UpholdReason
from codes.review.ruling_policy import LONGEST, LONGEST_TEXT
from codes.vocabulary import Cause
from portal.official.case_forms import CHOOSE, DateInput, GroundsForm, worded
from portal.official.case_sheet import Sheet

KEEP = "keep"
OUTCOMES = {
    "green": _("Turn green"),
    "yellow": _("Turn yellow"),
    KEEP: _("Leave the colour as it is"),
    "red": _("Turn red"),
}
DENY = _("Deny the appeal")

FOR_COLOUR = ("reason_code", "expires_on")

# A fortnight is the longest set period of most rules; a ruling should not outlive what it replaces.
HOLDS = timedelta(days=14)

# Only where the diagnosis itself is the reason: what a record is worth somebody has to have looked at.
SUGGESTED = {Cause.FRESHNESS.value: RulingReason.OLDER_DATA, Cause.RULES.value: RulingReason.RULE_MISAPPLIED}
SUGGESTED_KEEP = {
    Cause.FRESHNESS.value: UpholdReason.MENDS_ITSELF,
    Cause.DECLARATION.value: UpholdReason.DECLARE_AGAIN,
}


class DecisionForm(GroundsForm):
    """One form for every outcome; what the outcome does not need is not looked at."""

    outcome = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect, error_messages=CHOOSE)
    reason_code = forms.ChoiceField(label=_("Reason for the colour"), error_messages=CHOOSE)
    keep_code = forms.ChoiceField(label=_("Reason to leave it"), error_messages=CHOOSE)
    expires_on = forms.DateField(
        label=_("Holds until"), widget=DateInput(), help_text=_("The first day it no longer holds.")
    )
    note = forms.CharField(
        label=_("In words"), widget=forms.Textarea(attrs={"rows": 2}), max_length=LONGEST_TEXT, required=False
    )

    field_order = ("outcome", "reason_code", "keep_code", "grounds", "document", "upload", "expires_on", "note")

    def __init__(self, *args: Any, sheet: Sheet, last: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        """``last``: what ``remembered`` of the decision before this one."""
        super().__init__(*args, **{**kwargs, "auto_id": "decision_%s"})
        is_appeal = sheet.case.kind == Case.Kind.APPEAL
        outcomes = {**OUTCOMES, KEEP: DENY} if is_appeal else OUTCOMES
        self.fields["outcome"].choices = list(outcomes.items())  # type: ignore[attr-defined]  # a choice field
        self.fields["reason_code"].choices = worded(RulingReason)  # type: ignore[attr-defined]
        self.fields["keep_code"].choices = worded(UpholdReason)  # type: ignore[attr-defined]
        if is_appeal:
            self.fields["note"].help_text = _("With a denial the citizen reads this; nobody is denied without a word.")
        today = timezone.localdate()
        self.fields["expires_on"].widget.attrs |= {"min": f"{today + timedelta(days=1)}", "max": f"{today + LONGEST}"}
        cause = sheet.causes[0] if sheet.causes else ""
        self.initial["expires_on"] = today + HOLDS
        self.initial["reason_code"] = SUGGESTED.get(cause, "")
        self.initial["keep_code"] = SUGGESTED_KEEP.get(cause, "")
        if last and last["cause"] == cause:
            self.initial.update({name: last[name] for name in ("reason_code", "keep_code") if last[name]})
        self.cause = cause
        seen = {record.fact.pk: record.fact for side in sheet.sides for record in side.records}
        ticked = [f"fact:{fact}" for fact in sheet.marks.facts] + [f"file:{file['id']}" for file in sheet.files]
        self.offer(seen.values(), sheet.files, chosen=ticked)

    def remembered(self) -> dict[str, str]:
        """The reasons given, for the next case of the same cause: many of one group are decided alike."""
        told = self.cleaned_data
        return {"cause": self.cause, "reason_code": told["reason_code"], "keep_code": told["keep_code"]}

    @property
    def keeps(self) -> bool:
        """Whether the colour stays as it is."""
        return bool(self.cleaned_data["outcome"] == KEEP)

    def full_clean(self) -> None:
        """Ask only for what the chosen outcome needs; without one that is the outcome alone."""
        chosen = self.data.get("outcome", "")
        idle = {"": (*FOR_COLOUR, "keep_code"), KEEP: FOR_COLOUR}.get(chosen, ("keep_code",))
        for name in idle:
            self.fields[name].required = False
        super().full_clean()
        for name in idle:
            self.fields[name].required = True
