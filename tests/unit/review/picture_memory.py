"""What drawing pictures anew really takes: run as a process of its own, whose memory nobody else changes.

For each picture, a line of JSON: what it is, the fault it is refused with, and the bytes by which the process grew. First
a drawn set within a small bound, then what phones make, and what was sent to fill the memory, within the real one.
"""

import gc
import io
import json
import random
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from PIL import Image

from codes.review.evidence.pictures import redraw
from regions.refusals import Refused

SEED = 7
SMALL, WHOLE = 8 * 2**20, 256 * 2**20
# Format, mode, how it is saved.
MAKES: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("JPEG", "RGB", {}),
    ("JPEG", "L", {}),
    ("JPEG", "CMYK", {}),
    ("JPEG", "RGB", {"progressive": True}),
    ("JPEG", "RGB", {"progressive": True, "subsampling": 0}),
    ("JPEG", "CMYK", {"progressive": True}),
    ("JPEG", "RGB", {"exif": 6}),
    ("MPO", "RGB", {"save_all": True}),
    ("PNG", "RGB", {}),
    ("PNG", "RGBA", {}),
    ("PNG", "LA", {}),
    ("PNG", "P", {}),
    ("PNG", "L", {}),
    ("PNG", "1", {}),
    ("PNG", "I;16", {}),
    ("PNG", "RGB", {"exif": 8}),
    ("PNG", "RGB", {"save_all": True}),
    ("WEBP", "RGB", {}),
    ("WEBP", "RGBA", {}),
    ("WEBP", "RGBA", {"lossless": True}),
    ("WEBP", "RGB", {"save_all": True}),
    ("WEBP", "RGB", {"exif": 3}),
)


def picture(
    kind: str, mode: str, options: dict[str, object], size: tuple[int, int], dice: random.Random, *, noise: float = 0.7
) -> bytes:
    """Noise, which no encoder makes small, or one colour, which all do."""
    bytes_each = {"RGB": 3, "RGBA": 4, "CMYK": 4, "LA": 2, "I;16": 2}.get(mode, 1)
    if mode == "1" or dice.random() >= noise:
        drawn = Image.new(mode, size)
    else:
        tile = Image.frombytes(mode, (64, 64), dice.randbytes(64 * 64 * bytes_each))
        drawn = Image.new(mode, size)
        for left in range(0, size[0], 64):
            for top in range(0, size[1], 64):
                drawn.paste(tile, (left, top))
    given = dict(options)
    if "exif" in given:
        exif = Image.Exif()
        exif[0x0112] = given["exif"]
        given["exif"] = exif
    if "save_all" in given:
        given["append_images"] = [Image.new(mode, size)]
    out = io.BytesIO()
    drawn.save(out, format=kind, **given)
    return out.getvalue()


def memory(name: str) -> int:
    """A figure of this process as Linux counts it, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def growth(content: bytes, bound: int) -> tuple[str, int]:
    """The fault, if any, and the bytes by which the process grew at its largest."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the largest size counts from now
    before, fault = memory("VmRSS"), ""
    try:
        redraw(content, memory=bound)
    except Refused as refused:
        fault = str(refused.reason)
    return fault, memory("VmHWM") - before


def drawn_set(bound: int) -> Iterator[tuple[str, bytes]]:
    """Every make about as large as just fits, and twice as large."""
    dice = random.Random(SEED)
    for kind, mode, options in MAKES:
        for share in (0.95, 2):
            pixels = share * bound / (16 if kind == "WEBP" else 8) * dice.uniform(0.8, 1.1)
            width = int((pixels * dice.uniform(0.3, 3)) ** 0.5)
            size = (width, int(pixels / width))
            yield f"{kind} {mode} {options} {size}", picture(kind, mode, options, size, dice)


def known_set() -> Iterator[tuple[str, bytes]]:
    """What must pass, and what must not."""
    dice = random.Random(SEED)
    for name, kind, mode, size in (
        ("a photo of 12 megapixels", "JPEG", "RGB", (4032, 3024)),
        ("a photo of 50 megapixels", "JPEG", "RGB", (8160, 6120)),
        ("a long screenshot", "PNG", "RGBA", (1440, 9000)),
        ("a screenshot as WebP", "WEBP", "RGBA", (1440, 3200)),
        ("a blank PNG of 40 megapixels", "PNG", "RGB", (8000, 5000)),
        ("a blank WebP of 18 megapixels", "WEBP", "RGB", (4200, 4200)),
    ):
        yield name, picture(kind, mode, {}, size, dice, noise=0)


def main() -> None:
    settings.configure(USE_I18N=False)
    redraw(picture("PNG", "L", {}, (64, 64), random.Random(SEED)), memory=SMALL)  # what is loaded only once
    for bound, pictures in ((SMALL, drawn_set(SMALL)), (WHOLE, known_set())):
        for name, content in pictures:
            fault, more = growth(content, bound)
            print(json.dumps({"bound": bound, "name": name, "fault": fault, "growth": more}))  # noqa: T201 - the result


if __name__ == "__main__":
    main()
