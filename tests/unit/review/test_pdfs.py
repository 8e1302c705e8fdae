"""Of a PDF its pages are kept as pictures, and nothing else; what cannot be drawn within the limits is refused."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.db.models import TextChoices

from codes.review.evidence import pdf_program, pdfs
from codes.review.evidence.faults import MAX_PAGES, UploadFault
from codes.review.evidence.uploads import check_upload
from tests.unit.review.hostile_pdfs import CARRYING, MARK, bomb, colours, endless, locked, pdf
from tests.unit.review.test_uploads import fault_of

BLUE = (0, 0, 254)  # as JPEG keeps it
STREAM = re.compile(rb"/Length (\d+) >>\nstream\n")
# Every name that may stand in a kept PDF: pages, and a picture on each.
NAMES = set(
    b"Type Catalog Pages Count Kids Page Parent MediaBox Contents Resources XObject P Length Subtype Image Width Height"
    b" ColorSpace DeviceRGB BitsPerComponent Filter DCTDecode Size Root".split()
)


def without_streams(content: bytes) -> bytes:
    kept, position = b"", 0
    while found := STREAM.search(content, position):
        kept += content[position : found.end()]
        position = found.end() + int(found[1])
        assert content[position:].startswith(b"\nendstream\n")
    return kept + content[position:]


REFUSED = 9
TRIES = """
import sys
from pathlib import Path
from socket import create_connection
from codes.review.evidence.pdf_program import give_up_rights

has_none = give_up_rights()
assert "NoNewPrivs:\\t1" in Path("/proc/self/status").read_text()
has_none or sys.exit({refused})
create_connection(("127.0.0.1", {port}), timeout=5)
"""


def test_the_program_reaches_no_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = TRIES.format(refused=REFUSED, port=server.getsockname()[1])
        ended = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    if ended.returncode == REFUSED:
        pytest.skip("no process may have a network of its own here")
    assert ended.stderr.rstrip().endswith("OSError: [Errno 101] Network is unreachable")


@pytest.mark.parametrize("carried", CARRYING)
def test_nothing_comes_along_with_the_pages(carried: str) -> None:
    sent = CARRYING[carried]
    assert MARK in sent
    checked = check_upload(sent)
    assert checked.content_type == "application/pdf"
    assert MARK not in checked.content
    assert set(re.findall(rb"/([^\s/<>\[\]()]+)", without_streams(checked.content))) <= NAMES
    assert colours(checked.content) == [BLUE]


def test_every_page_is_kept_in_its_place_and_size() -> None:
    kept = check_upload(pdf(pages=MAX_PAGES)).content
    assert colours(kept) == [BLUE] * MAX_PAGES
    assert kept.count(b"/MediaBox [0 0 200.16 100.08]") == MAX_PAGES


def test_what_is_filled_in_and_stamped_stays_visible() -> None:
    field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (a) /Rect [20 20 80 80] /F 4 /AP << /N 6 0 R >> >>"
    stamp = b"<< /Type /XObject /Subtype /Form /BBox [0 0 60 60] /Length 26 >>\nstream\n1 0 0 rg 0 0 60 60 re f   \nendstream"
    sent = pdf(catalog=b"/AcroForm << /Fields [5 0 R] >>", page=b"/Annots [5 0 R]", more={5: field, 6: stamp})
    assert colours(check_upload(sent).content) == [(254, 0, 0)]


def test_a_program_that_waits_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It takes no time of the processor, which is bounded as well."""
    program = tmp_path / "program.py"
    program.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(pdfs, "PROGRAM", str(program))
    monkeypatch.setattr(pdfs, "SECONDS", 0.2)
    assert fault_of(pdf()) is UploadFault.PDF_TOO_MUCH


def test_the_program_is_told_none_of_the_portals_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import os; print(dict(os.environ))")
    monkeypatch.setattr(pdfs, "PROGRAM", str(program))
    monkeypatch.setenv("KEY_ENCRYPTION_KEY", "a secret of the tests")
    told = check_upload(pdf()).content
    assert told.startswith(b"{")
    assert b"KEY_ENCRYPTION_KEY" not in told


@pytest.mark.parametrize(
    "box", [b"[0 0 1e9 1e9]", b"[0 0 14400 14400]", b"[0 0 0.001 200]", b"[0 0 -5 3]", b"[0 0 0 0]"]
)
def test_a_page_of_any_size_fits_the_pixels(box: bytes) -> None:
    kept = check_upload(pdf(box=box)).content
    wide, high = (int(side) for side in re.findall(rb"/(?:Width|Height) (\d+)", kept))
    assert 0 < wide * high <= pdf_program.PAGE_PIXELS * 1.01


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        pytest.param(locked(), UploadFault.PDF_LOCKED, id="locked"),
        pytest.param(pdf(pages=MAX_PAGES + 1), UploadFault.PDF_TOO_LONG, id="eleven pages"),
        pytest.param(pdf(pages=10_000), UploadFault.PDF_TOO_LONG, id="ten thousand pages"),
        pytest.param(pdf(pages=0), UploadFault.PDF_BROKEN, id="no page"),
        pytest.param(pdf()[:300], UploadFault.PDF_BROKEN, id="cut off"),
        pytest.param(b"%PDF-1.7\n%%EOF\n", UploadFault.PDF_BROKEN, id="nothing in it"),
        pytest.param(bomb(), UploadFault.PDF_TOO_MUCH, id="a gibibyte in a megabyte"),
    ],
)
def test_what_is_refused(sent: bytes, fault: TextChoices) -> None:
    assert fault_of(sent) is fault


@pytest.mark.parametrize(("limit", "seconds"), [("PROCESSOR_SECONDS", 1), ("SECONDS", 0.3)])
def test_a_drawing_without_end_is_ended(limit: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """By each limit alone: the other one is too far to be of help."""
    for name in ("PROCESSOR_SECONDS", "SECONDS"):
        monkeypatch.setattr(pdfs, name, seconds if name == limit else 3600)
    assert fault_of(endless()) is UploadFault.PDF_TOO_MUCH


def test_more_output_than_the_limit_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdfs, "MOST_BYTES", 2000)
    assert fault_of(pdf()) is UploadFault.PDF_TOO_MUCH
