"""The journal: searching and reading its entries, and verifying its digests."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codes.models import ExportJob
from codes.reports.jobs import exports_folder
from codes.reports.manifest import Untrue, check, check_digest, check_signature, is_this_citys, parse
from codes.tasks import enqueue_verification
from portal.auditor.forms import JournalForm, VerifyForm
from portal.auditor.journal_labels import entry_label, subject_label
from portal.auditor.journal_search import search
from portal.auditor.report_labels import FIRST_SUBJECTS, Titles, titles_of
from portal.web.access import StaffRequest, for_staff
from portal.web.bodies import takes_body
from portal.web.host import city_of
from portal.web.keyset import keyset_page, query_without_place
from regions.journal.heads import BadHead, last_head
from regions.journal.models import Checkpoint, JournalEntry
from regions.journal.verify import chain_state, is_unwitnessed_after, request_verification, verify_and_record
from regions.keys import encryption
from regions.keys.models import Purpose
from regions.staff.roles import Role
from regions.tenancy import current_city

LATE_AFTER = timedelta(minutes=10)
# Old and new values of more rows are not shown; `reconcile` reads them.
MOST_ROWS = 20
# Number of subjects linked in an entry's detail. The data below them names all.
MOST_LINKED = 200


class Subject(NamedTuple):
    """A subject as it is stored, for searching, and in words."""

    stored: str
    label: str


@dataclass(frozen=True)
class JournalRow:
    """An entry for display: the act and its subjects in words, its data and digest as they are stored.

    ``count`` is the number of its subjects, of which at most ``MOST_LINKED`` are in ``subjects``.
    """

    entry: JournalEntry
    entry_label: str
    subjects: list[Subject]
    count: int
    data: str
    digest: str

    @property
    def first(self) -> list[Subject]:
        return self.subjects[:FIRST_SUBJECTS]

    @property
    def is_on_many(self) -> bool:
        return self.count > FIRST_SUBJECTS


@require_safe
@for_staff(Role.AUDITOR, Role.AUDIT_ADMIN)
def journal(request: StaffRequest) -> HttpResponse:
    """Show the entries that match the query string, the newest first."""
    form = JournalForm(request.GET)
    entries = (
        search(form.cleaned_data, in_a_city=bool(city_of(request))) if form.is_valid() else JournalEntry.objects.none()
    )
    page = keyset_page(entries, request.GET, by=["-seq"])
    subjects = [subject for entry in page.rows for subject in entry.subjects[:MOST_LINKED]]
    titles = titles_of(subjects, in_a_city=bool(city_of(request)))
    context = {
        "form": form,
        "page": page,
        "lines": [_journal_row(entry, titles) for entry in page.rows],
        "query": query_without_place(request.GET),
        "cities": titles["city"],
        **(_chain() if city_of(request) else {}),
    }
    return render(request, "auditor/journal.html", context)


@require_POST
@for_staff(Role.AUDITOR, Role.AUDIT_ADMIN)
def verify_now(request: StaffRequest) -> HttpResponse:
    """Verify the hash chain: a short one at once, a long one in a worker."""
    by = request.user.username
    if request_verification(by=by, now=timezone.now()):
        verify_and_record(by=by, now=timezone.now())
    elif enqueue_verification(current_city().schema_name, by):
        messages.info(request, _("The chain is long: it is being checked in the background. Come back in a minute."))
    else:
        messages.error(request, _("No worker can be reached, so nothing is checked. Tell the operator."))
    return redirect("auditor_journal")


def _chain() -> dict[str, Any]:
    """Return what is known of the chain without verifying it."""
    state, point = chain_state(), Checkpoint.objects.order_by("-seq").first()
    try:
        head = last_head()
    except BadHead:
        head = None
    return {
        "has_chain": True,
        "last": state.last,
        "awaited": state.awaited,
        "is_late": state.awaited is not None and timezone.now() - state.awaited.at > LATE_AFTER,
        "checkpoint": point,
        "head": head,
        "is_unwitnessed": is_unwitnessed_after(head.head.seq if head else 0, now=timezone.now()),
    }


def _journal_row(entry: JournalEntry, titles: Titles) -> JournalRow:
    shown = dict(entry.data)
    if sum(len(one["ids"]) for one in entry.rows or []) in range(1, MOST_ROWS + 1):
        shown["rows"] = entry.rows
    data = json.dumps(shown, ensure_ascii=False, indent=2, sort_keys=True) if shown else ""
    subjects = [Subject(one, subject_label(one, titles)) for one in entry.subjects[:MOST_LINKED]]
    return JournalRow(entry, entry_label(entry, titles), subjects, len(entry.subjects), data, bytes(entry.digest).hex())


LARGEST_MANIFEST = 256 * 1024
# Enough for an identified export of a whole city with its manifest.
LARGEST_EXPORT = 512 * 2**20


@dataclass(frozen=True)
class CheckResult:
    """The result of verifying a file: the fault in words, or the manifest of a valid file and whether this city signed it."""

    fault: str = ""
    manifest: dict[str, Any] | None = None
    is_ours: bool = False


@takes_body(LARGEST_EXPORT)
@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.AUDITOR, Role.AUDIT_ADMIN)
def verify(request: StaffRequest) -> HttpResponse:
    """Verify an uploaded file against its manifest, without storing it.

    The page also explains how to do so without the portal.
    """
    result = None
    form = VerifyForm()
    if "export" in request.POST:
        result = _check_export(request, request.POST["export"])
    elif request.method == "POST":
        form = VerifyForm(request.POST, request.FILES)
        result = _check_upload(form) if form.is_valid() else None
    key = b64encode(encryption.public_key(encryption.key_in_use(Purpose.EXPORT))).decode()
    return render(request, "auditor/verify.html", {"form": form, "result": result, "public_key": key})


def _check_upload(form: VerifyForm) -> CheckResult:
    file, manifest = form.cleaned_data["file"], form.cleaned_data["manifest"]

    def uploaded() -> dict[str, Any]:
        found = parse(manifest.read(LARGEST_MANIFEST), manifest.name or "")
        check_signature(found)
        check_digest(found, _digest_of(file))
        return found

    return _result_of(uploaded)


def _check_export(request: StaffRequest, name: str) -> CheckResult:
    job = get_object_or_404(
        ExportJob.objects.filter(asked_by=request.user.username, state=ExportJob.State.DONE), name=name
    )
    return _result_of(lambda: check(exports_folder() / job.file))


def _result_of(look: Callable[[], dict[str, Any]]) -> CheckResult:
    try:
        found = look()
        return CheckResult(manifest=found, is_ours=is_this_citys(found))
    except Untrue as untrue:
        return CheckResult(fault=str(untrue.fault.label))


def _digest_of(file: "UploadedFile[Any]") -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return digest.hexdigest()
