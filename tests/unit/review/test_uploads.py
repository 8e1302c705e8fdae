"""Uploaded files are judged by their content, and images leave everything but their pixels behind."""

import io
import struct
import zlib

import pytest
from django.db.models import TextChoices
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngInfo

from codes.review.evidence.faults import MAX_BYTES, UploadFault
from codes.review.evidence.uploads import check_upload
from regions.refusals import Refused
from regions.vocabulary import label_in

FORMATS = {"JPEG": "JPEG", "PNG": "PNG", "WEBP": "JPEG", "MPO": "JPEG"}


def picture(kind: str, size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, format=kind, **options)
    return out.getvalue()


def fault_of(content: bytes) -> TextChoices:
    with pytest.raises(Refused) as refused:
        check_upload(content)
    return refused.value.reason


@pytest.mark.parametrize("kind", FORMATS)
def test_pictures_are_kept_as_jpeg_or_png(kind: str) -> None:
    checked = check_upload(picture(kind))
    assert checked.content_type == f"image/{FORMATS[kind].lower()}"
    with Image.open(io.BytesIO(checked.content)) as again:
        assert again.format == FORMATS[kind]
        assert again.size == (40, 30)


@pytest.mark.parametrize("kind", FORMATS)
def test_place_camera_and_owner_stay_behind(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRETMAKER"
    exif[0x8825] = {1: "N", 2: (30.0, 39.0, 0.0)}
    sent = picture(kind, exif=exif)
    assert b"SECRETMAKER" in sent
    kept = check_upload(sent).content
    assert b"SECRETMAKER" not in kept
    with Image.open(io.BytesIO(kept)) as again:
        assert not dict(again.getexif())


def test_comments_profiles_and_what_follows_the_picture_stay_behind() -> None:
    notes = PngInfo()
    notes.add_text("Comment", "SECRETNOTE")
    sent = picture("PNG", pnginfo=notes, icc_profile=b"SECRETPROFILE" * 10) + b"PK\x03\x04SECRETZIP"
    kept = check_upload(sent).content
    assert b"SECRET" not in kept


def test_a_picture_lying_on_its_side_is_kept_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(io.BytesIO(check_upload(picture("JPEG", exif=exif)).content)) as again:
        assert again.size == (30, 40)


def test_only_the_first_picture_of_many_is_kept() -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), (shade, 0, 0)) for shade in (0, 120, 240)]
    frames[0].save(out, format="WEBP", save_all=True, append_images=frames[1:])
    with Image.open(io.BytesIO(check_upload(out.getvalue()).content)) as again:
        assert getattr(again, "n_frames", 1) == 1


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "I;16"])
def test_pictures_of_any_make_are_drawn_anew(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (10, 10)).save(out, format="PNG")
    assert check_upload(out.getvalue()).content_type == "image/png"


def test_sixteen_bits_of_grey_stay_grey() -> None:
    out = io.BytesIO()
    Image.new("I;16", (10, 10), 0x8040).save(out, format="PNG")
    with Image.open(io.BytesIO(check_upload(out.getvalue()).content)) as again:
        assert again.getpixel((5, 5)) == (0x80, 0x80, 0x80)


def test_what_is_clear_in_a_webp_becomes_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (16, 16), (200, 30, 30, 0)).save(out, format="WEBP", lossless=True, exact=True)
    with Image.open(io.BytesIO(check_upload(out.getvalue()).content)) as again:
        assert again.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", UploadFault.EMPTY),
        (b"\x00" * (MAX_BYTES + 1), UploadFault.TOO_LARGE),
        (b"<html><script>alert(1)</script></html>", UploadFault.WRONG_TYPE),
        (b"<?xml version='1.0'?><svg onload='alert(1)'/>", UploadFault.WRONG_TYPE),
        (b"MZ\x90\x00", UploadFault.WRONG_TYPE),
        (b"\n%PDF-1.7\n%%EOF", UploadFault.WRONG_TYPE),
        (b"%PDF-1.7\nand then nothing", UploadFault.PDF_BROKEN),
        (picture("JPEG")[:200], UploadFault.BROKEN),
        (picture("PNG")[:60], UploadFault.BROKEN),
        (picture("PNG")[:-30] + b"\xff" * 20, UploadFault.BROKEN),
        (picture("WEBP")[:60], UploadFault.BROKEN),
        (picture("JPEG", progressive=True)[:-2] + b"\xff\xda\x00\x02" * 100, UploadFault.BROKEN),
        # Which a decoder would take, since it ends with the picture.
        (picture("JPEG", progressive=True) + b"\xff\xda" * 65, UploadFault.BROKEN),
    ],
)
def test_what_is_not_taken(content: bytes, fault: UploadFault) -> None:
    assert fault_of(content) is fault


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO"])
def test_other_pictures_are_not_taken(kind: str) -> None:
    assert fault_of(picture(kind)) is UploadFault.WRONG_TYPE


@pytest.mark.parametrize(("width", "height"), [(8000, 8001), (30_000, 30_000), (2_000_000, 2_000_000)])
def test_a_bomb_is_refused_before_it_is_opened(width: int, height: int) -> None:
    """A PNG that only claims its size: decoding it would fail, so the claim alone must be enough."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    claim = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    assert fault_of(claim) is UploadFault.TOO_MANY_PIXELS


@pytest.mark.parametrize(
    ("raised", "fault"),
    [
        (MemoryError(), UploadFault.TOO_MUCH_MEMORY),
        (OSError("encoder error -2"), UploadFault.BROKEN),
        (struct.error(), UploadFault.BROKEN),
        (OverflowError(), UploadFault.BROKEN),
        (KeyError("mode"), UploadFault.BROKEN),
    ],
    ids=lambda one: str(one) if isinstance(one, UploadFault) else type(one).__name__,
)
@pytest.mark.parametrize("step", ["load", "convert", "save"])
def test_a_failure_at_any_step_is_a_refusal(
    step: str, raised: Exception, fault: UploadFault, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = picture("PNG")

    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(ImageFile if step == "load" else Image.Image, step, fail)
    assert fault_of(sent) is fault


@pytest.mark.parametrize("fault", UploadFault)
def test_every_fault_says_what_to_do_in_both_languages(fault: UploadFault) -> None:
    assert label_in("zh-hans", fault)
    assert label_in("en", fault).endswith(".")
