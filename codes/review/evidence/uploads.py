"""Check of uploaded files by their content: pictures and the pages of PDFs are redrawn, and everything else is refused."""

from django.conf import settings

from codes.review.evidence import pdfs, pictures
from codes.review.evidence.faults import MAX_BYTES, CheckedFile, UploadFault
from regions.refusals import Refused


def check_upload(content: bytes) -> CheckedFile:
    """Return the file to store. The file's name and declared type are ignored. Raises ``Refused``."""
    if not content:
        raise Refused(UploadFault.EMPTY)
    if len(content) > MAX_BYTES:
        raise Refused(UploadFault.TOO_LARGE)
    redraw = pdfs.rewrite if content.startswith(pdfs.HEAD) else pictures.redraw
    return redraw(content, memory=settings.UPLOAD_MEMORY)
