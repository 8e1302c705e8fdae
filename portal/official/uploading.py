"""Files that officials add to a case, and files of a case as they are handed out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from codes.models import Case, Evidence
from codes.review.evidence import keep_upload, read_evidence
from codes.review.uploads import MAX_BYTES, UploadFault
from portal.official.case_page import CASE_WORK
from portal.web.access import StaffRequest, for_staff, own_or_404
from regions.refusals import Refused


def keep_added(told: Mapping[str, Any], *, case: Case, by: str, now: datetime) -> list[str]:
    """Keep the file of a grounds form, if there is one: its reference. Raises ``Refused``."""
    upload = told["upload"]
    if not upload:
        return []
    if upload.size > MAX_BYTES:
        raise Refused(UploadFault.TOO_LARGE)
    kept = keep_upload(
        citizen=case.citizen, content=upload.read(), original_name=upload.name, by=by, now=now, case=case
    )
    return [f"file:{kept.pk}"]


@require_safe
@for_staff(*CASE_WORK)
def evidence_file(request: StaffRequest, number: str, evidence: int) -> HttpResponse:
    """A file of the case, to be saved; the citizen sees in their own history that it was read, and for what."""
    case = own_or_404(Case.objects.all(), number=number)
    own_or_404(Evidence.objects.filter(case=case), pk=evidence)
    return hand_out(
        request, evidence, purpose=_("review of case %(number)s") % {"number": case.number}, name=case.number
    )


def hand_out(request: StaffRequest, evidence: int, *, purpose: str, name: str) -> HttpResponse:
    """The file as an attachment under a name of ours, never opened by the browser."""
    found, content = read_evidence(evidence_id=evidence, by=request.user.username, purpose=purpose, now=timezone.now())
    response = HttpResponse(content, content_type=found.content_type)
    extension = found.content_type.rpartition("/")[2]
    response["Content-Disposition"] = f'attachment; filename="{name}-{found.pk}.{extension}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
