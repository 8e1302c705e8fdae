"""The auditors' forms: period and filters of a report, export format, and the purpose of identified exports."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import TextChoices
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from codes.models import Citizen, Provider, Run
from codes.models.case import CaseState
from codes.reports.export import FileFormat
from codes.reports.request import (
    ABOUT_PEOPLE,
    FILTERS,
    LEAST_PURPOSE,
    OF_SETTLED_DAYS,
    CannotExport,
    DataAge,
    ReportName,
    ReportRequest,
)
from codes.reports.rows import run_of, settled_runs
from codes.reports.work import WorkTable
from codes.vocabulary import Cause, State
from portal.auditor.journal_labels import action_choices
from portal.auditor.report_labels import column_title
from portal.templatetags.staff import BATCH_STATES
from portal.web.widgets import DateInput
from regions.divisions import division_title
from regions.proposals import LIKE_A_NUMBER
from regions.sources.models import Source
from regions.vocabulary import title_of


class ReportForm(forms.Form):
    """Period and filters of one report. The filters depend on the report."""

    first = forms.DateField(label=_("From"), required=False, widget=DateInput())
    last = forms.DateField(label=_("To"), required=False, widget=DateInput())

    def __init__(self, report: ReportName, data: Mapping[str, Any] | None, *, needs_settled: bool = True) -> None:
        super().__init__(data)
        self.report = report
        self.needs_settled = needs_settled and report in OF_SETTLED_DAYS
        for name in FILTERS[report]:
            self.fields[name] = _of_work(name) if report is ReportName.WORK else _filter(report, name)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if first and last and first > last:
            self.add_error("last", _("The last day is before the first."))
        elif self.needs_settled and not self.errors:
            try:
                settled_runs(first=first, last=last)
            except CannotExport:
                self.say_that_none_settled()
        return found

    def say_that_none_settled(self) -> None:
        self.add_error("first", _("No run has settled in these days. Choose others, or leave both empty."))

    def request(self, *, identified: bool = False) -> ReportRequest:
        only = {name: value for name in FILTERS[self.report] if (value := self.cleaned_data[name])}
        return ReportRequest(
            self.report, self.cleaned_data["first"], self.cleaned_data["last"], identified=identified, only=only
        )


class ExportForm(forms.Form):
    file_format = forms.ChoiceField(
        label=_("Format"),
        choices=[
            (FileFormat.XLSX.value, _("Spreadsheet (XLSX)")),
            (FileFormat.CSV.value, _("Table (CSV)")),
            (FileFormat.JSONL.value, _("For other systems (JSONL)")),
        ],
    )
    identify = forms.BooleanField(
        label=_("With full names and ID numbers"),
        required=False,
        help_text=_("Somebody else who audits confirms it first; until then nothing is written."),
    )
    purpose = forms.CharField(
        label=_("Purpose"),
        required=False,
        max_length=200,
        help_text=_("Goes into the journal, and everybody in the file can read it. No names, no numbers."),
    )

    def __init__(self, report: ReportName, data: Mapping[str, Any] | None, *, may_identify: bool) -> None:
        super().__init__(data)
        if report not in ABOUT_PEOPLE or not may_identify:
            del self.fields["identify"], self.fields["purpose"]

    def clean(self) -> dict[str, Any]:
        """Require a purpose for identified data, long enough and without numbers that identify somebody."""
        found = super().clean() or {}
        purpose = found.get("purpose", "").strip()
        if found.get("identify") and len(purpose) < LEAST_PURPOSE:
            self.add_error("purpose", _("Say in a few words what the names and numbers are needed for."))
        elif LIKE_A_NUMBER.search(purpose):
            self.add_error("purpose", _("Leave ID numbers and phone numbers out of the purpose."))
        return found

    @property
    def is_identified(self) -> bool:
        return bool(self.cleaned_data.get("identify"))


class VerifyForm(forms.Form):
    file = forms.FileField(label=_("The file"), allow_empty_file=True)
    manifest = forms.FileField(
        label=_("Its manifest"), help_text=_("The file whose name ends in <code>.manifest.json</code>.")
    )


class JournalForm(forms.Form):
    by = forms.CharField(label=_("Who"), required=False, max_length=80)
    # Any verb is accepted, so that verbs of newer or older releases can be searched for.
    verb = forms.CharField(label=_("Act"), required=False, max_length=80, widget=forms.Select)
    subject = forms.CharField(label=_("Subject"), required=False, max_length=200)
    first = forms.DateField(label=_("From"), required=False, widget=DateInput())
    last = forms.DateField(label=_("To"), required=False, widget=DateInput())

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        asked = data.get("verb", "")
        known = action_choices()
        other = [] if not asked or asked in dict(known) else [(asked, asked)]
        self.fields["verb"].widget.choices = [("", _("All")), *other, *known]


class ReplayForm(forms.Form):
    """A past day, one of its runs, and optionally a citizen.

    Once valid, ``cleaned_data`` holds ``run`` and ``who`` (``None`` if not named).
    """

    day = forms.DateField(label=_("Day"), widget=DateInput())
    number = forms.IntegerField(
        label=_("Run of the day"), required=False, min_value=1, max_value=32_767, help_text=_("Empty: its last.")
    )
    citizen = forms.CharField(label=_("Citizen reference"), required=False, max_length=80)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        day, number, ref = found.get("day"), found.get("number"), found.get("citizen", "").strip()
        if day and "number" in found:
            found["run"] = run_of(day, number)
            numbered = Run.objects.filter(day=day, sequence=number) if number else Run.objects.none()
            amends = numbered.values_list("amends__sequence", flat=True).first()
            if found["run"] is None and amends is not None:
                text = _("This run amended run %(number)s of the day, and is computed again with that one.")
                self.add_error("number", text % {"number": amends})
            elif found["run"] is None and number is not None and run_of(day):
                self.add_error("number", _("No run with this number has settled on this day."))
            elif found["run"] is None:
                self.add_error("day", _("No run has settled on this day."))
        found["who"] = Citizen.objects.by_ref(ref).first() if ref else None
        if ref and found["who"] is None:
            self.add_error("citizen", _("No citizen of this city has this reference."))
        return found


class PlaceOfRecord(forms.CharField):
    """A filter for the division code of records. It is set by links from the figures, and can be removed here."""

    widget = forms.Select

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> forms.BoundField:
        """Offer “all” and the place that is set."""
        chosen = str(form.data.get(field_name) or "")
        named = [(chosen, division_title(chosen, translation.get_language()))] if chosen else []
        self.widget.choices = [("", _("All")), *named]
        return super().get_bound_field(form, field_name)


def _of_work(name: str) -> forms.Field:
    """Return the field for the table, or for the language of the file.

    A file without a language has names and codes for programs.
    """
    if name == "table":
        return forms.ChoiceField(label=column_title(name), choices=WorkTable.choices, required=False)
    choices = [("zh-hans", _("Chinese")), ("en", _("English")), ("", _("None: names and codes for programs"))]
    return forms.ChoiceField(
        label=column_title(name), choices=choices, required=False, initial=translation.get_language()
    )


def _filter(report: ReportName, name: str) -> forms.Field:
    label = column_title(name)
    if name == "place":
        return PlaceOfRecord(label=label, required=False, max_length=12)
    if name in ("by", "verb"):
        return forms.CharField(label=label, required=False, max_length=80)
    choices = [("", _("All")), *_choices(report, name)]
    return forms.ChoiceField(label=label, choices=choices, required=False)


def _choices(report: ReportName, name: str) -> list[tuple[str, Any]]:
    if name in ("provider", "source"):
        rows = (Provider if name == "provider" else Source).objects.order_by("code")
        return [(row.code, title_of(row)) for row in rows]
    if name == "kind":
        kinds = [("disagreement", _("Disagreement")), ("appeal", _("Appeal")), ("suspension", _("Suspension"))]
        return [*kinds, ("correction", _("Correction asked by another city"))]
    if report is ReportName.SOURCES:
        return list(BATCH_STATES.items())
    if name == "data_age":
        return list(DataAge.choices)
    words: type[TextChoices] = Cause if name == "cause" else State if report is ReportName.CODES else CaseState
    return [(word.value, str(word.label)) for word in words if word.value != State.NOT_APPLIED]
