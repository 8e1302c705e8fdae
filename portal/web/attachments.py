"""Answers that a browser saves as a file and never opens. The security middleware forbids guessing another type."""

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from codes.models import Evidence


def attachment(content: bytes | str, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return response


def evidence_attachment(found: Evidence, content: bytes, *, of: str) -> HttpResponse:
    """Return a file of a case or a request with a generated name: the uploader's own may say anything."""
    return attachment(content, f"{of}-{found.pk}.{found.content_type.rpartition('/')[2]}", found.content_type)
