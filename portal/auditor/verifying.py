"""Is a file what its manifest says, and did this city sign that?"""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_http_methods

from codes.models import ExportJob
from codes.reports.jobs import exports_folder
from codes.reports.manifest import Untrue, check, check_digest, check_signature, is_this_citys, parse
from portal.auditor.forms import VerifyForm
from portal.web.access import StaffRequest, for_staff, own_or_404
from regions.keys import vault
from regions.keys.models import Purpose
from regions.staff.roles import Role

LARGEST_MANIFEST = 256 * 1024


@dataclass(frozen=True)
class Finding:
    """What came of it: the fault in words, or the manifest of a file that holds, and whether this city signed it."""

    fault: str = ""
    manifest: dict[str, Any] | None = None
    is_ours: bool = False


@require_http_methods(["GET", "HEAD", "POST"])
@for_staff(Role.AUDITOR, Role.AUDIT_ADMIN)
def verify(request: StaffRequest) -> HttpResponse:
    """Holds an uploaded file against its manifest; nothing of it is kept. Below: how to do the same without the portal."""
    finding = None
    form = VerifyForm()
    if "export" in request.POST:
        finding = _kept(request, request.POST["export"])
    elif request.method == "POST":
        form = VerifyForm(request.POST, request.FILES)
        finding = _looked_at(form) if form.is_valid() else None
    key = b64encode(vault.public_key(vault.key_in_use(Purpose.EXPORT))).decode()
    return render(request, "auditor/verify.html", {"form": form, "finding": finding, "public_key": key})


def _looked_at(form: VerifyForm) -> Finding:
    file, manifest = form.cleaned_data["file"], form.cleaned_data["manifest"]

    def uploaded() -> dict[str, Any]:
        found = parse(manifest.read(LARGEST_MANIFEST), manifest.name or "")
        check_signature(found)
        check_digest(found, _digest_of(file))
        return found

    return _finding(uploaded)


def _kept(request: StaffRequest, name: str) -> Finding:
    """One's own export as it lies on the disk now."""
    job = own_or_404(ExportJob.objects.filter(asked_by=request.user.username, state=ExportJob.State.DONE), name=name)
    return _finding(lambda: check(exports_folder() / job.file))


def _finding(look: Callable[[], dict[str, Any]]) -> Finding:
    try:
        found = look()
    except Untrue as untrue:
        return Finding(fault=untrue.fault.said_in(translation.get_language()))
    return Finding(manifest=found, is_ours=is_this_citys(found))


def _digest_of(file: "UploadedFile[Any]") -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return digest.hexdigest()
