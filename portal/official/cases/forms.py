"""The forms of a case page."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import TextChoices
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from codes.models import Case, CorrectionRequest, Fact, SecondLook
from codes.review.evidence.files import LONGEST_DOCUMENT
from codes.review.proposals.ruling_policy import LONGEST, LONGEST_TEXT
from codes.review.reasons import RulingEndReason, RulingReason, SuppressionEndReason, UpholdReason
from codes.vocabulary import Cause
from portal.official.cases.detail import CaseDetail
from portal.official.cases.related import Row
from portal.templatetags.page import label_of, titled, untranslated
from portal.web.widgets import DateInput

CHOOSE = {"required": _("Choose one."), "invalid_choice": _("Choose one.")}
UPLOADS = "image/jpeg,image/png,image/webp,application/pdf"
ANSWERS = {
    CorrectionRequest.Answer.CORRECTED: _("corrected: the new record will arrive"),
    CorrectionRequest.Answer.UPHELD: _("upheld: the record is right"),
    CorrectionRequest.Answer.NOT_OURS: _("not theirs: another place owns it"),
}


# Default duration of a ruling. Most rules hold a colour for at most 14 days, and a ruling should not outlast the
# verdict that it replaces.
HOLDS = timedelta(days=14)


class EndDateInput(DateInput):
    """The browser's date picker, limited to the days from tomorrow until the longest time a ruling may hold."""

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        today = timezone.localdate()
        limits = {"min": f"{today + timedelta(days=1)}", "max": f"{today + LONGEST}"}
        return {**super().build_attrs(base_attrs, extra_attrs), **limits}


class EndDateField(forms.DateField):
    def __init__(self) -> None:
        super().__init__(
            label=_("Holds until"),
            widget=EndDateInput(),
            initial=lambda: timezone.localdate() + HOLDS,
            help_text=_("The first day it no longer holds."),
        )


def choices_of(words: Iterable[TextChoices]) -> list[tuple[str, str | Promise]]:
    return [("", _("Choose …")), *((word.value, word.label) for word in words)]


def text_field(label: Any, *, rows: int = 2, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": rows}), max_length=LONGEST_TEXT, **options)


def record_label(fact: Fact) -> str:
    """Return the record in one line, such as “close contact · City police database · 20 November 2026”."""
    owner = titled(fact.source) if fact.source else titled(fact.provider) if fact.provider else str(_("the city"))
    return f"{label_of(fact.kind, 'kind')} · {owner} · {date_format(fact.started_on)}"


class GroundsForm(forms.Form):
    """The evidence of a decision: records and files of the case, the reference of a document kept elsewhere, or an uploaded file."""

    grounds = forms.MultipleChoiceField(
        label=_("What it rests on"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("At least one record, file or document."),
    )
    document = forms.CharField(label=_("Reference of a document"), max_length=LONGEST_DOCUMENT, required=False)
    upload = forms.FileField(label=_("Add a file"), widget=forms.FileInput(attrs={"accept": UPLOADS}), required=False)

    def offer(self, facts: Iterable[Fact], files: Iterable[dict[str, Any]], *, chosen: Iterable[str] = ()) -> None:
        """Set the records and files to choose from, and tick those in ``chosen``."""
        choices = [(f"fact:{fact.pk}", record_label(fact)) for fact in facts]
        choices += [
            (f"file:{file['id']}", untranslated(file["original_name"] or file["content_type"])) for file in files
        ]
        self.fields["grounds"].choices = choices  # type: ignore[attr-defined]  # a choice field
        self.initial.setdefault("grounds", [one for one in chosen if one in dict(choices)])

    def references(self) -> list[str]:
        """Return the ticked references and that of the document. An upload gets its reference when it is saved."""
        document = self.cleaned_data["document"].strip()
        return [*self.cleaned_data["grounds"], *([f"document:{document}"] if document else [])]


class GroupGroundsForm(forms.Form):
    """The evidence of a decision about many cases: one document that covers all of them."""

    document = forms.CharField(
        label=_("Reference of a document"),
        max_length=LONGEST_DOCUMENT,
        help_text=_("What shows it for all of them, such as a letter of the source's owner."),
    )
    note = text_field(_("In words"), rows=3, required=False)

    def references(self) -> list[str]:
        return [f"document:{self.cleaned_data['document'].strip()}"]


class QuestionForm(forms.Form):
    note = text_field(
        _("What do you need to know?"),
        rows=3,
        help_text=_("The citizen reads this on their phone and has three days. The deadline is paused meanwhile."),
    )


class ComplexForm(forms.Form):
    note = text_field(_("Why does it take longer?"), help_text=_("The citizen is told this. It can be done once."))


class CorrectionForm(forms.Form):
    fact = forms.ChoiceField(label=_("Record"), error_messages=CHOOSE)
    sent_to = forms.CharField(label=_("Office that keeps it"), max_length=200)
    note = text_field(_("What is to be put right?"), rows=3)

    def __init__(self, *args: Any, facts: Iterable[Fact], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = [fact for fact in facts if fact.source is not None]
        self.fields["fact"].choices = [(str(fact.pk), record_label(fact)) for fact in kept]  # type: ignore[attr-defined]
        if kept:
            self.initial.setdefault("sent_to", titled(kept[0].source))


class CorrectionAnswerForm(forms.Form):
    answer = forms.ChoiceField(label=_("Their answer"), choices=ANSWERS.items(), error_messages=CHOOSE)
    note = forms.CharField(label=_("In their words"), max_length=LONGEST_TEXT, required=False)


class NoteForm(forms.Form):
    note = text_field(
        _("Note"), rows=3, help_text=_("For colleagues only. @ and a user name brings it to their overview.")
    )
    to = forms.CharField(
        label=_("Bring it to"),
        required=False,
        max_length=81,
        widget=forms.TextInput(attrs={"list": "colleagues", "autocomplete": "off", "spellcheck": "false"}),
    )

    def text(self) -> str:
        """Return the note. It mentions the person in the field ``to`` even if the typed note does not."""
        note, name = self.cleaned_data["note"], self.cleaned_data["to"].strip().removeprefix("@")
        return f"@{name} {note}" if name and f"@{name}" not in note.split() else note


class RevealForm(forms.Form):
    purpose = forms.CharField(
        label=_("What do you need it for?"),
        max_length=500,
        help_text=_("This is journalled, and the citizen can read it under “who looked”."),
    )


class SecondLookForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("Your second look"),
        widget=forms.RadioSelect,
        choices=SecondLook.Outcome.choices,
        error_messages=CHOOSE,
    )
    note = text_field(_("Why?"), required=False, help_text=_("Needed where you differ. The colleague can read it."))


class EndForm(forms.Form):
    """Why a ruling ends early."""

    reason_code = forms.ChoiceField(
        label=_("Why does it end early?"),
        choices=choices_of(RulingEndReason),
        error_messages=CHOOSE,
        help_text=_("The citizen reads this reason."),
    )
    note = text_field(_("In words"), help_text=_("For colleagues only."))


class RecountForm(forms.Form):
    """Why a record that was left out counts again."""

    reason_code = forms.ChoiceField(
        label=_("Why does it count again?"),
        choices=choices_of(SuppressionEndReason),
        error_messages=CHOOSE,
        help_text=_("The citizen reads this reason."),
    )
    note = text_field(_("In words"), help_text=_("For colleagues only."))


KEEP = "keep"
OUTCOMES = {
    "green": _("Turn green"),
    "yellow": _("Turn yellow"),
    KEEP: _("Leave the colour as it is"),
    "red": _("Turn red"),
}
DENY = _("Deny the appeal")

FOR_COLOUR = ("reason_code", "expires_on")

# Reasons suggested by the primary cause, only where the diagnosis alone is the reason. Whether a record is right must
# be examined by a person.
SUGGESTED = {Cause.FRESHNESS.value: RulingReason.OLDER_DATA, Cause.RULES.value: RulingReason.RULE_MISAPPLIED}
SUGGESTED_KEEP = {
    Cause.FRESHNESS.value: UpholdReason.MENDS_ITSELF,
    Cause.DECLARATION.value: UpholdReason.DECLARE_AGAIN,
}


class DecisionForm(GroundsForm):
    """One form for every outcome. Fields that the chosen outcome does not need are ignored."""

    outcome = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect, error_messages=CHOOSE)
    reason_code = forms.ChoiceField(
        label=_("Reason for the colour"), choices=choices_of(RulingReason), error_messages=CHOOSE
    )
    keep_code = forms.ChoiceField(
        label=_("Reason to leave it"), choices=choices_of(UpholdReason), error_messages=CHOOSE
    )
    expires_on = EndDateField()
    note = text_field(_("In words"), required=False)

    field_order = ("outcome", "reason_code", "keep_code", "grounds", "document", "upload", "expires_on", "note")

    def __init__(
        self,
        *args: Any,
        detail: CaseDetail,
        last: Mapping[str, str] | None = None,
        typed: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Fill in the suggested reasons and the grounds.

        ``last`` is the result of ``remembered`` for the previous decision. ``typed`` holds values to show again that
        are not validated yet.
        """
        super().__init__(*args, **{**kwargs, "auto_id": "decision_%s"})
        is_appeal = detail.case.kind == Case.Kind.APPEAL
        outcomes = {**OUTCOMES, KEEP: DENY} if is_appeal else OUTCOMES
        self.fields["outcome"].choices = list(outcomes.items())  # type: ignore[attr-defined]  # a choice field
        if is_appeal:
            self.fields["note"].help_text = _("With a denial the citizen reads this; nobody is denied without a word.")
        cause = detail.causes[0] if detail.causes else ""
        self.initial["reason_code"] = SUGGESTED.get(cause, "")
        self.initial["keep_code"] = SUGGESTED_KEEP.get(cause, "")
        if last and last["cause"] == cause:
            self.initial.update({name: last[name] for name in ("reason_code", "keep_code") if last[name]})
        self.cause = cause
        seen = {record["fact"].pk: record["fact"] for side in detail.sides for record in side["records"]}
        ticked = [f"fact:{fact}" for fact in detail.differences.facts] + [f"file:{file['id']}" for file in detail.files]
        self.offer(seen.values(), detail.files, chosen=ticked)
        self.initial.update({name: typed[name] for name in self.fields if name in typed} if typed else {})

    def remembered(self) -> dict[str, str]:
        """Return the chosen reasons, which are suggested for the next case with the same cause."""
        data = self.cleaned_data
        return {"cause": self.cause, "reason_code": data["reason_code"], "keep_code": data["keep_code"]}

    @property
    def keeps(self) -> bool:
        return bool(self.cleaned_data["outcome"] == KEEP)

    def full_clean(self) -> None:
        """Require only the fields that the chosen outcome needs."""
        chosen = self.data.get("outcome", "")
        idle = {"": (*FOR_COLOUR, "keep_code"), KEEP: FOR_COLOUR}.get(chosen, ("keep_code",))
        for name in idle:
            self.fields[name].required = False
        super().full_clean()
        for name in idle:
            self.fields[name].required = True


def grounds_detail(
    references: Iterable[str], *, number: str, facts: Iterable[Fact], files: Iterable[Row]
) -> list[dict[str, str]]:
    """Return the references of ``codes.review.evidence.files`` with titles for display.

    A file of another case is shown by its number.
    """
    by_fact = {fact.pk: fact for fact in facts}
    by_file = {file["id"]: file for file in files}
    shown = []
    for reference in references:
        kind, _, body = reference.partition(":")
        if kind == "fact" and int(body) in by_fact:
            shown.append({"kind": kind, "title": record_label(by_fact[int(body)])})
        elif kind == "file" and int(body) in by_file:
            file = by_file[int(body)]
            address = reverse("official_evidence", args=[number, file["id"]])
            title = untranslated(file["original_name"] or file["content_type"])
            shown.append({"kind": kind, "title": title, "address": address})
        else:
            shown.append({"kind": kind, "title": untranslated(body)})
    return shown
