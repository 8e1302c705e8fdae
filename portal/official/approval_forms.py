"""The second official's answer: approve, or send back with a reason from the list."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from codes.review.reasons import RefusalReason
from codes.review.ruling_policy import LONGEST_TEXT
from portal.official.case_forms import CHOOSE, worded

APPROVE, REFUSE = "approve", "refuse"


class ApprovalForm(forms.Form):
    """Two outcomes; a refusal says why."""

    outcome = forms.ChoiceField(
        label=_("Decision"),
        widget=forms.RadioSelect,
        choices=[(APPROVE, _("Approve")), (REFUSE, _("Send back"))],
        error_messages=CHOOSE,
    )
    reason_code = forms.ChoiceField(label=_("Why is it sent back?"), error_messages=CHOOSE)
    note = forms.CharField(
        label=_("In words"), widget=forms.Textarea(attrs={"rows": 2}), max_length=LONGEST_TEXT, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason_code"].choices = worded(RefusalReason)  # type: ignore[attr-defined]  # a choice field

    @property
    def approves(self) -> bool:
        """Whether the proposal comes into force."""
        return bool(self.cleaned_data["outcome"] == APPROVE)

    def full_clean(self) -> None:
        """Nobody is sent back without a reason; an approval needs none."""
        self.fields["reason_code"].required = self.data.get("outcome") == REFUSE
        super().full_clean()
        self.fields["reason_code"].required = True
