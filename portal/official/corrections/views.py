"""Corrections between cities: the list, the page of one with its deadline, evidence and answer, and the form that asks for one."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Case as Choice
from django.db.models import Q, QuerySet, Value, When
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from codes.cities.corrections import open_correction, owners_of
from codes.cities.evidence import KEPT
from codes.models import Case, CityCorrection, Evidence, Fact, Neighbour
from codes.review.evidence.faults import UploadFault
from codes.review.evidence.files import MAX_FILES
from codes.review.proposals.ruling_policy import LONGEST_TEXT
from portal.official.cases.forms import record_label
from portal.templatetags.page import stored_day, titled, untranslated
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import submit
from portal.web.keyset import keyset_page
from regions.journal.models import JournalEntry
from regions.outgoing import CallFault
from regions.staff.roles import CASE_WORK, Role
from regions.vocabulary import FactKind

READERS = (*CASE_WORK, Role.AUDITOR)
MOST_OPEN, HISTORY = 200, 50
State = CityCorrection.State
OPEN = [State.UNSENT, State.ASKED, State.RECEIVED, State.DECIDED]
LATE_FIRST = Choice(When(escalated_at__isnull=False, then=Value(0)), default=Value(1))
HAPPENED = {
    "correction.opened": pgettext_lazy("history of a correction", "Opened"),
    "correction.asked": pgettext_lazy("history of a correction", "Taken by the other city"),
    "correction.received": pgettext_lazy("history of a correction", "Received"),
    "correction.decided": pgettext_lazy("history of a correction", "Decided"),
    "correction.told": pgettext_lazy("history of a correction", "Answered"),
    "correction.answered": pgettext_lazy("history of a correction", "Answered by the other city"),
    "correction.escalated": pgettext_lazy("history of a correction", "Not answered in time: escalated"),
    "correction.withdrawn": pgettext_lazy("history of a correction", "Not sent: the record counts no longer"),
}


class AskForm(forms.Form):
    fact = forms.ChoiceField(label=gettext_lazy("Record of another city"), widget=forms.RadioSelect)
    text = forms.CharField(
        label=gettext_lazy("Why is it wrong?"),
        help_text=gettext_lazy("The officials of the other city read this and what you choose below."),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    records = forms.MultipleChoiceField(
        label=gettext_lazy("Records that show it"),
        help_text=gettext_lazy("Their kind and days are sent, not where they come from."),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    sent_files = forms.MultipleChoiceField(
        label=gettext_lazy("Files that show it"),
        help_text=gettext_lazy("The other city keeps a copy with its case. The person reads that it was given there."),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(
        self, *args: Any, facts: Collection[Fact], owners: Mapping[int, Neighbour], files: Iterable[Evidence]
    ) -> None:
        super().__init__(*args)
        owned = [
            (str(fact.pk), f"{titled(owners[fact.pk], 'name')} · {record_label(fact)}")
            for fact in facts
            if fact.pk in owners
        ]
        self.fields["fact"].choices = owned  # type: ignore[attr-defined]
        self.initial["fact"] = owned[0][0]
        others = [(str(fact.pk), record_label(fact)) for fact in facts if fact.pk not in owners]
        self.fields["records"].choices = others  # type: ignore[attr-defined]
        if not others:
            del self.fields["records"]
        named = [(str(file.pk), untranslated(file.original_name or file.content_type)) for file in files]
        self.fields["sent_files"].choices = named  # type: ignore[attr-defined]
        if not named:
            del self.fields["sent_files"]

    def clean_sent_files(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["sent_files"]
        if len(chosen) > MAX_FILES:
            raise ValidationError(UploadFault.TOO_MANY_FILES.label)
        return chosen


@require_safe
@for_staff(*READERS)
def corrections(request: StaffRequest) -> HttpResponse:
    """Show the open corrections, the overdue first, and below them the ended ones."""
    found = CityCorrection.objects.select_related("neighbour", "case", "fact", "citizen")
    standing = found.filter(state__in=OPEN).order_by(LATE_FIRST, "due_at", "pk")
    context = {
        "sides": [
            (CityCorrection.Side.RECEIVED, standing.received()[:MOST_OPEN]),
            (CityCorrection.Side.SENT, standing.sent()[:MOST_OPEN]),
        ],
        "page": keyset_page(found.exclude(state__in=OPEN), request.GET, by=["-id"]),
        "now": timezone.now(),
    }
    return render(request, "official/corrections/corrections.html", context)


@require_safe
@for_staff(*READERS)
def correction(request: StaffRequest, city_correction: int) -> HttpResponse:
    found = CityCorrection.objects.select_related("neighbour", "case", "fact__source", "citizen", "suppression")
    one = get_object_or_404(found, pk=city_correction)
    entries = JournalEntry.objects.filter(subject=one.subject, verb__in=HAPPENED).order_by("-seq")[:HISTORY]
    context = {
        "one": one,
        "is_sent": one.side == CityCorrection.Side.SENT,
        "is_open": one.state in OPEN,
        "evidence": [(_evidence_line(line), line.get(KEPT)) for line in one.evidence],
        "history": [(entry, HAPPENED[entry.verb]) for entry in entries],
        "fault": _fault(one.fault),
        "may_see_cases": not request.roles.isdisjoint(CASE_WORK),
        "now": timezone.now(),
    }
    return render(request, "official/corrections/correction.html", context)


def _evidence_line(line: Mapping[str, Any]) -> str:
    """Return a line of evidence in words, whatever another city sent.

    A kind of fact that this city does not know is shown as received.
    """
    if "file" in line:
        return _("File of the asking city ({type}), SHA-256 {digest}").format(
            type=line["file"], digest=str(line.get("sha256", ""))[:16]
        )
    kind = str(line.get("record", ""))
    label = str(FactKind(kind).label) if kind in FactKind else kind
    days = " – ".join(stored_day(str(line[name])) for name in ("from", "until") if line.get(name))
    return f"{label} · {days}" if days else label


def _fault(fault: str) -> str:
    if fault in CallFault:
        return str(CallFault(fault).label)
    return _("It answered, and not as agreed ({fault}).").format(fault=fault) if fault else ""


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.REVIEWER)
def ask(request: StaffRequest, number: str) -> HttpResponse:
    """Ask the city that owns one of the case's records to correct it. Raises ``Http404`` if no other city owns one."""
    case = get_object_or_404(Case.objects.open().select_related("citizen"), number=number)
    facts = list(_standing_records(case))
    owners = owners_of(facts)
    if not owners:
        raise Http404
    sent = (request.POST,) if request.method == "POST" else ()
    form = AskForm(*sent, facts=facts, owners=owners, files=case.evidence.order_by("pk"))
    if request.method == "POST":
        response = submit(
            request,
            form,
            lambda data, **who: open_correction(
                case_id=case.pk,
                fact_id=int(data["fact"]),
                text=data["text"],
                records=[int(pk) for pk in data.get("records", [])],
                files=[int(pk) for pk in data.get("sent_files", [])],
                **who,
            ),
            back=reverse("official_case", args=[number]),
            done=_("The other city is asked within the minute. The case's deadline goes on."),
        )
        if response is not None:
            return response
    context = {"case": case, "form": form, "cities": sorted({titled(one, "name") for one in owners.values()})}
    return render(request, "official/corrections/ask.html", context, status=422 if form.errors else 200)


def _standing_records(case: Case) -> QuerySet[Fact]:
    """Return the newest versions of the sources' records about the citizen."""
    found = Fact.objects.filter(Q(superseded=False), citizen=case.citizen, source__isnull=False, revoked=False)
    return found.select_related("source", "provider").order_by("-started_on", "-pk")[:MOST_OPEN]
