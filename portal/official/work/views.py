"""Measures of the work on cases: figures with their trend, one page per table, the tables as files, and the cases behind each number."""

import io
import zipfile
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from codes.models import Run
from codes.reports.export import FileFormat, export_report
from codes.reports.request import READS_WORK, ReportName, ReportRequest
from codes.reports.work import OtherOrigin, Period, WorkTable, cell_in_words, figures, work_lines
from codes.reports.work_cases import RULINGS, Counted, Number, cases_of
from codes.vocabulary import Cause
from portal.official.work.tables import cause_chart, days_chart, days_of, figures_in_words, shown, totals, with_period
from portal.templatetags.page import actor, untranslated
from portal.web.access import StaffRequest, for_staff
from portal.web.attachments import attachment
from portal.web.keyset import keyset_page, query_without_place
from portal.web.widgets import DateInput
from regions.divisions import division_title
from regions.tenancy import current_city

FILES = (FileFormat.CSV, FileFormat.XLSX)
# Every table as CSV in one archive.
ALL = ("all", "zip")
DAYS_OFFERED = (7, 30, 90)


class PeriodForm(forms.Form):
    first = forms.DateField(label=gettext_lazy("From"), widget=DateInput())
    last = forms.DateField(label=gettext_lazy("To"), widget=DateInput())


@require_safe
@for_staff(*READS_WORK)
def work(request: StaffRequest) -> HttpResponse:
    """Show the figures of the period, the table of its days, and the age of open cases."""
    return _page(request, WorkTable.DAYS)


@require_safe
@for_staff(*READS_WORK)
def work_table(request: StaffRequest, table: str) -> HttpResponse:
    """Show one of the other tables."""
    return _page(request, _table(table))


@require_safe
@for_staff(*READS_WORK)
def work_file(request: StaffRequest, table: str, file_format: str) -> HttpResponse:
    """Return the table as a file in the page's language, or ``all.zip``.

    Each table is journalled like any other export.
    """
    period, is_all = _period(request, Run.objects.first_day()), (table, file_format) == ALL
    if not is_all and file_format not in FILES:
        raise Http404
    kind = FileFormat.CSV if is_all else FileFormat(file_format)
    written = {one: _written(request, one, kind, period) for one in (WorkTable if is_all else [_table(table)])}
    name = f"work-{table}-{period.first:%Y%m%d}-{period.last:%Y%m%d}.{file_format}"
    if is_all:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for one, content in written.items():
                archive.writestr(f"work-{one}.{kind}", content)
        return attachment(packed.getvalue(), name, "application/zip")
    (content,) = written.values()
    return attachment(content, name, kind.content_type)


def _written(request: StaffRequest, table: WorkTable, kind: FileFormat, period: Period) -> bytes:
    only = {"table": table.value, "language": translation.get_language() or "en"}
    asked = ReportRequest(ReportName.WORK, period.first, period.last, only=only)
    with TemporaryDirectory(prefix="work-") as folder:
        file = Path(folder) / f"work.{kind}"
        export_report(asked, file=file, file_format=kind, by=request.user.username, now=timezone.now())
        return file.read_bytes()


@require_safe
@for_staff(*READS_WORK)
def work_cases(request: StaffRequest) -> HttpResponse:
    """List the cases behind one number, the newest first."""
    what = request.GET.get("what", Counted.OPENED)
    if what not in set(Counted):
        raise Http404
    number = Number(
        Counted(what),
        _period(request, Run.objects.first_day()),
        person=_plain(request.GET.get("person", "")),
        office=_plain(request.GET["office"]) if "office" in request.GET else None,
        origin=_plain(request.GET.get("origin", "")),
        place=_plain(request.GET.get("place", "")),
    )
    if number.place and number.what in RULINGS:
        raise Http404
    if number.origin and number.origin not in {*Cause, *OtherOrigin}:
        raise Http404
    page = keyset_page(cases_of(number, now=timezone.now()), request.GET, by=["-opened_at", "-id"])
    context = {
        "number": number,
        "page": page,
        "about": actor(number.person)
        or untranslated(number.office)
        or cell_in_words("origin", number.origin or None)
        or division_title(number.place, translation.get_language() or "en"),
        "is_of_today": not number.place and number.what in (Counted.OPEN_NOW, Counted.OVERDUE_NOW),
        "query": query_without_place(request.GET),
        "back": with_period(reverse("official_work"), number.period),
    }
    return render(request, "official/work/cases.html", context)


def _page(request: StaffRequest, table: WorkTable) -> HttpResponse:
    now, since = timezone.now(), Run.objects.first_day()
    period = _period(request, since)
    lines = work_lines(table, period, now=now)
    settled = Run.objects.last_settled()
    context = {
        "form": PeriodForm(request.GET)
        if "first" in request.GET or "last" in request.GET
        else PeriodForm(days_of(period)),
        "tabs": _tabs(table, period),
        "title": str(table.label),
        "period": period,
        "offered": _offered(period, since),
        "since": since,
        "now": now,
        "settled": settled,
        "columns": shown(table, totals(lines) if table is WorkTable.CAUSES else lines, period),
        "files": [
            (kind.upper(), with_period(reverse("official_work_file", args=[table, kind]), period)) for kind in FILES
        ],
        "archive": with_period(reverse("official_work_file", args=ALL), period),
    }
    if table is WorkTable.DAYS:
        ages = work_lines(WorkTable.AGES, period, now=now)
        this, before = figures(period, since=since, now=now)
        context |= {
            "figures": figures_in_words(this, before, period),
            "is_compared": before is not None,
            "chart": days_chart(lines),
            "ages": shown(WorkTable.AGES, ages, period),
        }
    elif table is WorkTable.CAUSES:
        context["chart"] = cause_chart(lines, period)
    return render(request, "official/work/work.html", context)


def _table(name: str) -> WorkTable:
    """Return the table with this name. Raises ``Http404`` if there is none."""
    if name not in set(WorkTable):
        raise Http404
    return WorkTable(name)


def _period(request: StaffRequest, since: date | None) -> Period:
    """Return the period in the query string. Invalid dates are left out, and the form shows the error."""
    form = PeriodForm(request.GET)
    form.is_valid()
    days: dict[str, date] = form.cleaned_data
    today = current_city().day_of(timezone.now())
    return Period.of(days.get("first"), days.get("last"), today=today, since=since)


def _tabs(here: WorkTable, period: Period) -> list[tuple[str, str, bool]]:
    addresses = {
        one: reverse("official_work") if one is WorkTable.DAYS else reverse("official_work_table", args=[one])
        for one in WorkTable
        if one is not WorkTable.AGES
    }
    return [(str(one.label), with_period(address, period), one is here) for one, address in addresses.items()]


def _offered(period: Period, since: date | None) -> list[tuple[str, str]]:
    today = current_city().day_of(timezone.now())
    firsts = {days: today - timedelta(days=days - 1) for days in reversed(DAYS_OFFERED)}
    # For a city with fewer days, several choices give the same period; it is offered once.
    offered = {Period.of(first, today, today=today, since=since): days for days, first in firsts.items()}
    return [
        (_("%(n)s days") % {"n": localize(days)}, with_period("", one))
        for one, days in reversed(offered.items())
        if one != period
    ]


def _plain(text: str) -> str:
    return text.replace("\x00", "")
