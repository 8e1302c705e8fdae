"""Drafts of evidence on a citizen's pages."""

from django.db.models import QuerySet
from django.utils import timezone

from codes.models import Evidence
from codes.review.evidence import discard_draft, keep_upload
from codes.review.uploads import MAX_BYTES, UploadFault
from portal.citizen.actor import acting
from portal.citizen.appealing.forms import UploadForm
from portal.citizen.subject import SubjectRequest
from portal.web.refusing import words_unless_page
from regions.refusals import Refused


def drafts_of(request: SubjectRequest) -> QuerySet[Evidence]:
    """The files this citizen has uploaded about this person and not yet sent."""
    mine = Evidence.objects.filter(citizen=request.subject, uploaded_by=acting(request))
    return mine.drafts().order_by("pk")


def take_upload(request: SubjectRequest) -> UploadForm:
    """Keep the file of the request as a draft; the form says what was wrong with it, and is valid if nothing was."""
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            if file.size > MAX_BYTES:
                raise Refused(UploadFault.TOO_LARGE)
            keep_upload(
                citizen=request.subject,
                content=file.read(),
                original_name=file.name,
                by=acting(request),
                now=timezone.now(),
            )
        except Refused as bad:
            form.add_error("file", words_unless_page(bad, back=request.path))
    return form


def drop_draft(request: SubjectRequest, evidence: str) -> None:
    """Take one back. Raises ``NotFound`` for whatever is not one of these."""
    discard_draft(evidence_id=int(evidence) if evidence.isdecimal() else 0, by=acting(request), now=timezone.now())
