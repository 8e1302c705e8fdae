"""Pictures are redrawn so that only their pixels are kept, within a memory limit that is checked against the header first."""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from codes.review.evidence.faults import MAX_PIXELS, CheckedFile, UploadFault
from regions.refusals import Refused

QUALITY = 85
FORMATS = ("JPEG", "PNG", "WEBP")
PNG, JPEG = "PNG", "JPEG"
CONTENT_TYPES = {JPEG: "image/jpeg", PNG: "image/png"}
# Bytes per pixel: decoded in the modes that Pillow uses, as kept, and held at once by WebP's decoder.
DECODED = {"1": 1, "L": 1, "P": 1, "I;16": 2}
KEPT = 4
WEBP_DECODER = 14
COEFFICIENT = 2
JPEG_SCALES = (1, 2, 4, 8)
# Each scan of a progressive picture is decoded over all its pixels; cameras and editors write about ten.
MAX_SCANS = 64
START_OF_SCAN = b"\xff\xda"


def redraw(content: bytes, *, memory: int) -> CheckedFile:
    """Decode a picture and encode its pixels anew, within ``memory`` bytes.

    Location, camera data, thumbnails and payloads are dropped.

    Raises ``Refused``.
    """
    with _faults_worded(), Image.open(io.BytesIO(content), formats=FORMATS) as picture:
        fault = _fault_of_header(picture, content, memory)
        kept = None if fault else _plain(picture)
        kind = _kept_as(picture)
    if fault or kept is None:
        raise Refused(fault or UploadFault.BROKEN)
    with _faults_worded():
        out = io.BytesIO()
        kept.save(out, format=kind, quality=QUALITY)
        return CheckedFile(out.getvalue(), CONTENT_TYPES[kind])


@contextmanager
def _faults_worded() -> Iterator[None]:
    """Turn whatever Pillow and its decoders raise about a file into a refusal that says what to do."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Refused(UploadFault.TOO_MANY_PIXELS) from error
    except UnidentifiedImageError as error:
        raise Refused(UploadFault.WRONG_TYPE) from error
    except MemoryError as error:
        raise Refused(UploadFault.TOO_MUCH_MEMORY) from error
    except (
        OSError,
        EOFError,
        SyntaxError,
        ValueError,
        TypeError,
        AttributeError,
        LookupError,
        ArithmeticError,
        RuntimeError,
        struct.error,
        zlib.error,
    ) as error:
        raise Refused(UploadFault.BROKEN) from error


def _kept_as(picture: Image.Image) -> str:
    """Return the format to keep.

    WebP becomes JPEG, because its own encoder needs up to 43 bytes per pixel and one second per three million pixels.
    """
    return PNG if picture.format == PNG else JPEG


def _fault_of_header(picture: Image.Image, content: bytes, memory: int) -> UploadFault | None:
    """Return why a picture is not decoded, from its header alone.

    A JPEG that is too large is set to be decoded at a smaller scale.
    """
    if picture.width * picture.height > MAX_PIXELS:
        return UploadFault.TOO_MANY_PIXELS
    if isinstance(picture, JpegImageFile):
        scans = content.count(START_OF_SCAN)
        if scans > MAX_SCANS:
            return UploadFault.BROKEN
        coefficients = _coefficients(picture) if scans > 1 else 0
        for scale in JPEG_SCALES:
            if _cost(picture, scale, coefficients) <= memory:
                picture.draft(None, (picture.width // scale, picture.height // scale))
                return None
        return UploadFault.TOO_MUCH_MEMORY
    if _cost(picture) > memory:
        return UploadFault.TOO_MUCH_MEMORY
    return None


def _cost(picture: Image.Image, scale: int = 1, coefficients: int = 0) -> int:
    """Return the most bytes that decoding and converting hold at once, measured for every accepted format and mode."""
    pixels = -(-picture.width // scale) * -(-picture.height // scale)
    decoded = DECODED.get(picture.mode, 4) * pixels
    converting = KEPT * pixels
    if picture.mode == "I;16":
        converting += 4 * pixels  # a copy of its bytes, and the upper bytes taken from it
    if picture.format == "WEBP":
        converting = max(converting, WEBP_DECODER * pixels)
    return decoded + max(converting, coefficients)


def _coefficients(picture: JpegImageFile) -> int:
    """Return the bytes of all coefficients, which the decoder holds for a picture with several scans, at full size
    regardless of the scale.
    """
    shares = [across * down for _, across, down, _ in picture.layer]
    most = max((across for _, across, _, _ in picture.layer), default=1) * max(
        (down for _, _, down, _ in picture.layer), default=1
    )
    return COEFFICIENT * picture.width * picture.height * sum(shares) // most


def _plain(picture: Image.Image) -> Image.Image:
    """Return only the pixels, upright, in one of two modes."""
    ImageOps.exif_transpose(picture, in_place=True)
    if picture.mode == "I;16":  # converting would turn all values above 255 white, and 255 is nearly black
        kept = Image.frombytes("L", picture.size, picture.tobytes()[1::2]).convert("RGB")
    elif "A" not in picture.getbands():
        kept = picture.convert("RGB")
    elif _kept_as(picture) == PNG:
        kept = picture.convert("RGBA")
    else:
        kept = Image.new("RGB", picture.size, "white")
        kept.paste(picture, mask=picture.getchannel("A"))
    kept.info = {}
    return kept
