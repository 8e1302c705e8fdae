"""Is a file what its manifest says, and did this city sign that?"""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_http_methods

from codes.reports.manifest import Untrue, check_digest, check_signature, is_this_citys, parse
from portal.auditor.forms import VerifyForm
from portal.web.access import StaffRequest, for_staff
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
    form = VerifyForm(request.POST, request.FILES) if request.method == "POST" else VerifyForm()
    finding = _looked_at(form) if form.is_bound and form.is_valid() else None
    key = b64encode(vault.public_key(vault.key_in_use(Purpose.EXPORT))).decode()
    return render(request, "auditor/verify.html", {"form": form, "finding": finding, "public_key": key})


def _looked_at(form: VerifyForm) -> Finding:
    file, manifest = form.cleaned_data["file"], form.cleaned_data["manifest"]
    try:
        found = parse(manifest.read(LARGEST_MANIFEST), manifest.name or "")
        check_signature(found)
        check_digest(found, _digest_of(file))
    except Untrue as untrue:
        return Finding(fault=untrue.fault.said_in(translation.get_language()))
    return Finding(manifest=found, is_ours=is_this_citys(found))


def _digest_of(file: "UploadedFile[Any]") -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return digest.hexdigest()
