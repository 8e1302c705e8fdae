"""The questions a case page asks its official."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from codes.models import CorrectionRequest, Fact
from codes.review.grounds import LONGEST_DOCUMENT
from codes.review.ruling_policy import LONGEST_TEXT
from portal.templatetags.page import said, titled
from regions.wording import Worded

CHOOSE = {"required": _("Choose one."), "invalid_choice": _("Choose one.")}
UPLOADS = "image/jpeg,image/png,image/webp,application/pdf"
ANSWERS = {
    CorrectionRequest.Answer.CORRECTED: _("corrected: the new record will arrive"),
    CorrectionRequest.Answer.UPHELD: _("upheld: the record is right"),
    CorrectionRequest.Answer.NOT_OURS: _("not theirs: another place owns it"),
}


class DateInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def worded(words: Iterable[Worded], *, empty: bool = True) -> list[tuple[str, str]]:
    """A list to choose from, in the page's language."""
    language = translation.get_language()
    first = [("", str(_("Choose …")))] if empty else []
    return first + [(word.value, word.said_in(language)) for word in words]


def record_told(fact: Fact) -> str:
    """“close contact · City police database · 20 November 2026” as one line of a list."""
    whose = titled(fact.source) if fact.source else titled(fact.provider) if fact.provider else str(_("the city"))
    return f"{said(fact.kind, 'kind')} · {whose} · {date_format(fact.started_on)}"


class GroundsForm(forms.Form):
    """What a decision rests on: records and files of the case, a document elsewhere, a file added now."""

    grounds = forms.MultipleChoiceField(
        label=_("What it rests on"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("At least one record, file or document."),
    )
    document = forms.CharField(label=_("Reference of a document"), max_length=LONGEST_DOCUMENT, required=False)
    upload = forms.FileField(label=_("Add a file"), widget=forms.FileInput(attrs={"accept": UPLOADS}), required=False)

    def offer(self, facts: Iterable[Fact], files: Iterable[dict[str, Any]], *, chosen: Iterable[str] = ()) -> None:
        """Let the records and files be chosen; ``chosen`` are ticked beforehand."""
        choices = [(f"fact:{fact.pk}", record_told(fact)) for fact in facts]
        choices += [(f"file:{file['id']}", file["original_name"] or file["content_type"]) for file in files]
        self.fields["grounds"].choices = choices  # type: ignore[attr-defined]  # a choice field
        self.initial.setdefault("grounds", [one for one in chosen if one in dict(choices)])

    def references(self) -> list[str]:
        """What was ticked and named; an upload is added once it is kept."""
        document = self.cleaned_data["document"].strip()
        return [*self.cleaned_data["grounds"], *([f"document:{document}"] if document else [])]


class QuestionForm(forms.Form):
    """What the citizen is asked."""

    note = forms.CharField(
        label=_("What do you need to know?"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=LONGEST_TEXT,
        help_text=_("The citizen reads this on their phone and has three days. The clock stands meanwhile."),
    )


class ComplexForm(forms.Form):
    """Why it takes longer."""

    note = forms.CharField(
        label=_("Why does it take longer?"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=LONGEST_TEXT,
        help_text=_("The citizen is told this. It can be done once."),
    )


class CorrectionForm(forms.Form):
    """A record sent back to whoever keeps it."""

    fact = forms.ChoiceField(label=_("Record"), error_messages=CHOOSE)
    sent_to = forms.CharField(label=_("Office that keeps it"), max_length=200)
    note = forms.CharField(
        label=_("What is to be put right?"), widget=forms.Textarea(attrs={"rows": 3}), max_length=LONGEST_TEXT
    )

    def __init__(self, *args: Any, facts: Iterable[Fact], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = [fact for fact in facts if fact.source is not None]
        self.fields["fact"].choices = [(str(fact.pk), record_told(fact)) for fact in kept]  # type: ignore[attr-defined]
        if kept:
            self.initial.setdefault("sent_to", titled(kept[0].source))


class CorrectionAnswerForm(forms.Form):
    """What the office answered."""

    answer = forms.ChoiceField(label=_("Their answer"), choices=ANSWERS.items(), error_messages=CHOOSE)
    note = forms.CharField(label=_("In their words"), max_length=LONGEST_TEXT, required=False)


class RevealForm(forms.Form):
    """Why somebody's full identity is needed."""

    purpose = forms.CharField(
        label=_("What do you need it for?"),
        max_length=500,
        help_text=_("This is journalled, and the citizen can read it under “who looked”."),
    )


class EndForm(forms.Form):
    """Why a decision in force ends before its day."""

    note = forms.CharField(
        label=_("Why does it end early?"), widget=forms.Textarea(attrs={"rows": 2}), max_length=LONGEST_TEXT
    )
