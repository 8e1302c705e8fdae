"""An export: how far it is, and its file and manifest once it is there. Only whoever asked for it sees it."""

from pathlib import Path

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_safe

from codes.models import ExportJob
from codes.reports.jobs import fetch_export
from codes.reports.manifest import SUFFIX
from codes.reports.request import CannotExport
from portal.auditor.words import column_title, report_title, shown
from portal.web.access import StaffRequest, for_staff, own_or_404
from regions.staff.roles import Role

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@require_safe
@for_staff(Role.AUDITOR)
def export_page(request: StaffRequest, name: str) -> HttpResponse:
    """The same page from the asking to the removal of the file; it may be left and come back to."""
    job = _own(request, name)
    context = {
        "job": job,
        "title": report_title(job.report),
        "filters": [(column_title(key), shown(key, value)) for key, value in job.only.items()],
        "file_name": _file_name(job),
    }
    template = "auditor/export_progress.html" if request.headers.get("HX-Request") else "auditor/export.html"
    return render(request, template, context)


@require_GET
@for_staff(Role.AUDITOR)
def export_file(request: StaffRequest, name: str) -> FileResponse:
    """The file, to be saved."""
    job = _own(request, name)
    return _attached(_path(request, job), _file_name(job), CONTENT_TYPES[job.file_format])


@require_GET
@for_staff(Role.AUDITOR)
def export_manifest(request: StaffRequest, name: str) -> FileResponse:
    """The manifest, to be saved beside the file."""
    job = _own(request, name)
    return _attached(_path(request, job, manifest=True), f"{_file_name(job)}{SUFFIX}", "application/json")


def _own(request: StaffRequest, name: str) -> ExportJob:
    return own_or_404(ExportJob.objects.filter(asked_by=request.user.username), name=name)


def _path(request: StaffRequest, job: ExportJob, *, manifest: bool = False) -> Path:
    try:
        return fetch_export(job, by=request.user.username, now=timezone.now(), manifest=manifest)
    except CannotExport as gone:
        raise Http404 from gone


def _file_name(job: ExportJob) -> str:
    return f"{job.report}-{timezone.localtime(job.asked_at):%Y%m%d-%H%M%S}.{job.file_format}"


def _attached(path: Path, name: str, content_type: str) -> FileResponse:
    response = FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=content_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
