"""What an uploaded file is, by its content: pictures and the pages of PDFs are drawn anew, and nothing else is taken."""

from django.conf import settings

from codes.review.evidence import pdfs, pictures
from codes.review.evidence.faults import MAX_BYTES, Checked, UploadFault
from regions.refusals import Refused


def check_upload(content: bytes) -> Checked:
    """The file fit to be kept. Raises ``Refused``. Neither its name nor its declared type is looked at."""
    if not content:
        raise Refused(UploadFault.EMPTY)
    if len(content) > MAX_BYTES:
        raise Refused(UploadFault.TOO_LARGE)
    redraw = pdfs.rewrite if content.startswith(pdfs.HEAD) else pictures.redraw
    return redraw(content, memory=settings.UPLOAD_MEMORY)
