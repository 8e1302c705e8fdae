"""The pictures of the guides: few, small, and of the part of a page that the words beside them are about."""

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

COLOURS = 128


@dataclass(frozen=True)
class Shot:
    """How large the window is, in pixels of the page. ``scans``: whose pass is scanned there before the picture is taken."""

    width: int
    height: int
    scans: str = ""


PHONE, DESK = Shot(390, 760), Shot(1280, 760)
# The two that the READMEs begin with show what they are about: the code with its reason, the case with both its sides.
CODE, CASE = Shot(390, 1095), Shot(1280, 1000)
# Names of addresses in the gallery; those of the operator's host after ``operator:``.
FOR_GUIDE = {
    "citizen_sign_in": PHONE,
    "citizen_code": CODE,
    "citizen_appeal_check": PHONE,
    "citizen_case": PHONE,
    "official_queue": DESK,
    "official_case": CASE,
    "official_approve_ruling": DESK,
    "gate": Shot(390, 760, scans="8FJ3Y2SM"),
    "gate_document": PHONE,
    "auditor_export": DESK,
    "auditor_journal": DESK,
    "operator:staff_home": DESK,
    "operator:operator_open_city": DESK,
}


def keep_small(picture: bytes, path: Path) -> None:
    """A page has few colours: a palette makes the file a third of its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
