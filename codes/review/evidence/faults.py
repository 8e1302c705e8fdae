"""Limits of uploaded files, and why a file is refused."""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 64_000_000
MAX_PAGES = 10


class UploadFault(TextChoices):
    EMPTY = "empty", _("The file is empty. Choose another.")
    TOO_LARGE = "too_large", _("The file is larger than 10 MB. Make it smaller first.")
    WRONG_TYPE = "wrong_type", _("Only JPEG, PNG and WebP images and PDF files are taken.")
    BROKEN = "broken", _("The file is damaged. Take the picture or export it again.")
    TOO_MANY_PIXELS = "too_many_pixels", _("The picture has more than 64 million pixels. Make it smaller first.")
    TOO_MUCH_MEMORY = (
        "too_much_memory",
        _("The picture takes too much memory to check. Take it again in a smaller size, or save it as JPEG."),
    )
    TOO_MANY_FILES = "too_many_files", _("Five files at most. Remove some first.")
    PDF_LOCKED = "pdf_locked", _("The PDF asks for a password. Save it without one, or photograph its pages.")
    PDF_BROKEN = "pdf_broken", _("The PDF is damaged. Export it again, or photograph its pages.")
    PDF_TOO_LONG = "pdf_too_long", _("The PDF has more than 10 pages. Send only the pages that matter.")
    PDF_TOO_MUCH = (
        "pdf_too_much",
        _("The PDF takes too long or too much memory to draw. Print it to a new PDF, or photograph its pages."),
    )


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that was checked and may be stored."""

    content: bytes
    content_type: str
