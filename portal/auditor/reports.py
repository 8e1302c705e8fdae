"""Reports: the list, the first rows of one, and requesting an export."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from codes.models import ExportJob, IdentifiedExport, Run
from codes.models.export_job import AskedReport
from codes.reports import identified
from codes.reports.catalogue import open_report
from codes.reports.export import FileFormat
from codes.reports.figures import FIGURED
from codes.reports.jobs import ask_for_export, fetch_export
from codes.reports.manifest import SUFFIX
from codes.reports.request import MAY_IDENTIFY, OF_SETTLED_DAYS, CannotExport, ReportName, ReportRequest
from codes.reports.rows import first_rows
from codes.tasks import enqueue_export
from portal.auditor.forms import ExportForm, ReportForm
from portal.auditor.report_labels import (
    ReportLead,
    ReportTitle,
    cell_label,
    city_titles,
    column_title,
    report_title,
    subjects_shown,
    titles_of,
)
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import form_refusals
from regions.staff.roles import Role
from regions.tenancy import current_city

ROWS_SHOWN = 20
EXPORTS_SHOWN = 20


@require_safe
@for_staff(Role.AUDITOR)
def reports(request: StaffRequest) -> HttpResponse:
    lines = [(one.value, str(one.label), str(ReportLead(one.value).label)) for one in ReportTitle]
    mine = ExportJob.objects.filter(asked_by=request.user.username).order_by("-pk")[:EXPORTS_SHOWN]
    waiting = IdentifiedExport.objects.waiting().count()
    return render(request, "auditor/reports.html", {"reports": lines, "exports": mine, "waiting": waiting})


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.AUDITOR)
def report(request: StaffRequest, report: str) -> HttpResponse:
    """Show the first rows of a report. A POST request exports all of them."""
    if report not in set(ReportName):
        raise Http404
    name, is_export = ReportName(report), request.method == "POST"
    asked = request.POST if is_export else request.GET
    form = ReportForm(name, asked if is_export or "show" in asked else None, needs_settled=is_export)
    may_identify = bool(request.roles & MAY_IDENTIFY)
    export = ExportForm(name, request.POST if is_export else None, may_identify=may_identify)
    if is_export and form.is_valid() and export.is_valid():
        if export.is_identified:
            with form_refusals(export, back=request.path):
                return _ask_for_names(request, form, export)
        else:
            return _start_export(request, form, export)
    context = {
        "report": name.value,
        "title": str(ReportTitle(name.value).label),
        "lead": str(ReportLead(name.value).label),
        "form": form,
        "export": export,
        "figures": _figures_address(name, request) if name in FIGURED else "",
        "of_settled_days": name in OF_SETTLED_DAYS,
        "of_work": name is ReportName.WORK,
        "newest": Run.objects.last_settled(),
        **(_first_rows(form) if form.is_bound and form.is_valid() else {}),
    }
    return render(request, "auditor/report.html", context)


def _figures_address(name: ReportName, request: StaffRequest) -> str:
    address, query = reverse("auditor_report_figures", args=[name]), request.GET.copy()
    query.pop("show", None)
    return f"{address}?{query.urlencode()}" if query else address


def _start_export(request: StaffRequest, form: ReportForm, export: ExportForm) -> HttpResponse:
    file_format = FileFormat(export.cleaned_data["file_format"])
    job = ask_for_export(form.request(), file_format=file_format, by=request.user.username, now=timezone.now())
    enqueue_export(current_city().schema_name, job.pk)
    return redirect("auditor_export", name=job.name)


def _ask_for_names(request: StaffRequest, form: ReportForm, export: ExportForm) -> HttpResponse:
    """Request an export with full names and ID numbers, which a second person must confirm."""
    asked = identified.propose(
        form.request(identified=True),
        file_format=FileFormat(export.cleaned_data["file_format"]),
        purpose=export.cleaned_data["purpose"],
        by=request.user.username,
        now=timezone.now(),
    )
    return redirect("auditor_identified_export", identified_id=asked.pk)


def _first_rows(form: ReportForm) -> dict[str, object]:
    """Return the first rows, or an empty dict if no run has settled in the period, which the form then reports."""
    try:
        return preview(form.request())
    except CannotExport:
        form.say_that_none_settled()
        return {}


def preview(asked: ReportRequest) -> dict[str, object]:
    """Return the first rows, always masked, and whether there are more."""
    if of_work := asked.report is ReportName.WORK:
        asked = replace(asked, only={**asked.only, "language": get_language() or "en"})
    elif asked.report is ReportName.SOURCES:
        asked = replace(asked, language=get_language() or "en")
    with transaction.atomic(), first_rows(ROWS_SHOWN + 1):
        content = open_report(asked, now=timezone.now())
        rows = list(islice(content.rows, ROWS_SHOWN + 1))
    titles = {} if of_work else city_titles(content.columns)
    if asked.report is ReportName.JOURNAL:
        subject, data = content.columns.index("subject"), content.columns.index("data")
        # An entry about many subjects has them in its data.
        rows = [(*row[:subject], row[subject] or row[data].get("subjects"), *row[subject + 1 :]) for row in rows]
        titles = titles_of([one for row in rows for one in subjects_shown(row[subject])], in_a_city=True)
    return {
        "columns": content.columns if of_work else [column_title(column) for column in content.columns],
        "rows": [
            # The rows of the work report are already in words.
            ["–" if cell is None else cell for cell in row]
            if of_work
            else [
                cell_label(asked.report, column, cell, titles)
                for column, cell in zip(content.columns, row, strict=True)
            ]
            for row in rows[:ROWS_SHOWN]
        ],
        "has_more": len(rows) > ROWS_SHOWN,
        "rows_shown": ROWS_SHOWN,
    }


@require_safe
@for_staff(Role.AUDITOR)
def export_page(request: StaffRequest, name: str) -> HttpResponse:
    """Show the state of an export, from the request to the removal of its file."""
    job = _own_export(request, name)
    context = {
        "job": job,
        "title": report_title(job.report),
        "filters": narrowed(job),
        "file_name": _file_name(job),
    }
    template = "auditor/export_progress.html" if request.htmx else "auditor/export.html"
    return render(request, template, context)


def narrowed(asked: AskedReport) -> list[tuple[str, str]]:
    """Return the filters of a report in words."""
    report, titles = ReportName(asked.report), city_titles(asked.only)
    return [(column_title(key), cell_label(report, key, value, titles)) for key, value in asked.only.items()]


@require_GET
@for_staff(Role.AUDITOR)
def export_file(request: StaffRequest, name: str) -> FileResponse:
    job = _own_export(request, name)
    content_type = FileFormat(job.file_format).content_type
    return FileResponse(
        _path(request, job).open("rb"), as_attachment=True, filename=_file_name(job), content_type=content_type
    )


@require_GET
@for_staff(Role.AUDITOR)
def export_manifest(request: StaffRequest, name: str) -> FileResponse:
    job = _own_export(request, name)
    path, name = _path(request, job, manifest=True), f"{_file_name(job)}{SUFFIX}"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="application/json")


def _own_export(request: StaffRequest, name: str) -> ExportJob:
    return get_object_or_404(ExportJob.objects.filter(asked_by=request.user.username), name=name)


def _path(request: StaffRequest, job: ExportJob, *, manifest: bool = False) -> Path:
    try:
        return fetch_export(job, by=request.user.username, now=timezone.now(), manifest=manifest)
    except CannotExport as gone:
        raise Http404 from gone


def _file_name(job: ExportJob) -> str:
    return f"{job.report}-{timezone.localtime(job.asked_at):%Y%m%d-%H%M%S}.{job.file_format}"
