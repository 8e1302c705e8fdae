"""What an uploaded file is, by its content: images are drawn anew so that nothing else rides in them, PDFs are only passed on."""

import io
import warnings
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from regions.refusals import Refused

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
PDF = "application/pdf"
PDF_TAIL = 2048


class UploadFault(TextChoices):
    EMPTY = "empty", _("The file is empty. Choose another.")
    TOO_LARGE = "too_large", _("The file is larger than 10 MB. Make it smaller first.")
    WRONG_TYPE = "wrong_type", _("Only JPEG, PNG and WebP images and PDF files are taken.")
    BROKEN = "broken", _("The file is damaged. Take the picture or export it again.")
    TOO_MANY_PIXELS = "too_many_pixels", _("The picture has more than 40 million pixels. Make it smaller first.")
    TOO_MANY_FILES = "too_many_files", _("Five files at most. Remove some first.")


@dataclass(frozen=True, slots=True)
class Checked:
    content: bytes
    content_type: str


def check_upload(content: bytes) -> Checked:
    """The file fit to be kept. Raises ``Refused``. Neither its name nor its declared type is looked at."""
    if not content:
        raise Refused(UploadFault.EMPTY)
    if len(content) > MAX_BYTES:
        raise Refused(UploadFault.TOO_LARGE)
    if content.startswith(b"%PDF-"):
        return _checked_pdf(content)
    return _redrawn(content)


def _checked_pdf(content: bytes) -> Checked:
    """A PDF is never opened here: it is kept as it came and only ever handed out as an attachment."""
    if b"%%EOF" not in content[-PDF_TAIL:]:
        raise Refused(UploadFault.BROKEN)
    return Checked(content, PDF)


def _redrawn(content: bytes) -> Checked:
    """Decode the picture and encode its pixels anew: place, camera, thumbnails and hidden payloads stay behind."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=list(FORMATS)) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise Refused(UploadFault.TOO_MANY_PIXELS)
                kind = str(picture.format)
                upright = ImageOps.exif_transpose(picture)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Refused(UploadFault.TOO_MANY_PIXELS) from error
    except UnidentifiedImageError as error:
        raise Refused(UploadFault.WRONG_TYPE) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, Refused):
            raise
        raise Refused(UploadFault.BROKEN) from error
    bare = upright.convert("RGBA" if kind != "JPEG" and "A" in upright.getbands() else "RGB")
    bare.info = {}
    out = io.BytesIO()
    bare.save(out, format=kind, quality=85)
    return Checked(out.getvalue(), FORMATS[kind])
