"""A program that draws the pages of a PDF in a process of its own, so that a fault in PDFium ends a process that holds
nothing else.

The PDF is read from standard input. A new PDF with one picture per page is written to standard output; it is generated
completely here, so that no scripts, links, forms or attachments are copied. ``pdfs.py`` runs this program.
"""

import ctypes
import io
import math
import resource
import sys
from collections.abc import Iterator, Sequence

import pypdfium2

# Exit codes. Any other exit code is that of a process that exceeded its limits.
LOCKED, BROKEN, TOO_LONG = 10, 11, 12

# Constants of Linux, documented in `prctl(2)` and `unshare(2)`.
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000

POINTS_AN_INCH = 72
# A4 at 200 dots per inch has 3.9 million pixels, and its small print is legible.
DOTS_AN_INCH = 200
PAGE_PIXELS = 4_000_000
LONGEST_SIDE = 16_000
QUALITY = 80


def main(memory: int, seconds: int, most_bytes: int, most_pages: int) -> int:
    """The arguments are bytes of address space, seconds of processor time, bytes of output and pages. Return the exit code."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, most_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    give_up_rights()
    try:
        # PDFium reports a document without pages as an error.
        document = pypdfium2.PdfDocument(sys.stdin.buffer.read())
        if len(document) > most_pages:
            return TOO_LONG
        document.init_forms()  # without this, the contents of form fields would be missing
        pages = [_picture(document[number]) for number in range(len(document))]
    except pypdfium2.PdfiumError as error:
        return LOCKED if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD else BROKEN
    except (ValueError, ArithmeticError):
        return BROKEN
    for part in _pdf(pages):
        sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()
    return 0


def give_up_rights() -> bool:
    """Give up the right to gain privileges and to start processes, and enter a network namespace without any address.

    Return whether the namespace was allowed: Docker's default seccomp filter refuses it. PDFium does not use the
    network by itself.
    """
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return bool(libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)


def _picture(page: pypdfium2.PdfPage) -> tuple[bytes, int, int]:
    """Return a page as a JPEG, with its width and height in pixels. Raises ``ValueError`` for a page without a size."""
    width, height = page.get_size()
    if not (math.isfinite(width) and math.isfinite(height) and width > 0 and height > 0):
        raise ValueError("a page without a size")
    scale = min(DOTS_AN_INCH / POINTS_AN_INCH, math.sqrt(PAGE_PIXELS / (width * height)))
    scale = min(scale, LONGEST_SIDE / max(width, height))
    drawn = page.render(scale=scale)
    page.close()
    out = io.BytesIO()
    drawn.to_pil().convert("RGB").save(out, format="JPEG", quality=QUALITY)
    return out.getvalue(), drawn.width, drawn.height


def _pdf(pages: Sequence[tuple[bytes, int, int]]) -> Iterator[bytes]:
    """Yield the parts of a PDF that contains one picture per page and nothing else."""
    offsets: list[int] = []
    yield (head := b"%PDF-1.4\n")
    position = len(head)
    for number, body in enumerate(_objects(pages), start=1):
        offsets.append(position)
        written = b"%d 0 obj\n%b\nendobj\n" % (number, body)
        position += len(written)
        yield written
    yield b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
    yield from (b"%010d 00000 n \n" % offset for offset in offsets)
    yield b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets) + 1, position)


def _objects(pages: Sequence[tuple[bytes, int, int]]) -> Iterator[bytes]:
    first = 3
    kids = b" ".join(b"%d 0 R" % (first + 3 * place) for place in range(len(pages)))
    yield b"<< /Type /Catalog /Pages 2 0 R >>"
    yield b"<< /Type /Pages /Count %d /Kids [%b] >>" % (len(pages), kids)
    for place, (jpeg, wide, high) in enumerate(pages):
        page = first + 3 * place
        across, up = (b"%.2f" % (side * POINTS_AN_INCH / DOTS_AN_INCH) for side in (wide, high))
        yield (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %b %b] /Contents %d 0 R /Resources << /XObject << /P %d 0 R >> >> >>"
            % (across, up, page + 1, page + 2)
        )
        drawing = b"%b 0 0 %b 0 0 cm /P Do" % (across, up)
        yield b"<< /Length %d >>\nstream\n%b\nendstream" % (len(drawing), drawing)
        yield (
            b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8"
            b" /Filter /DCTDecode /Length %d >>\nstream\n%b\nendstream" % (wide, high, len(jpeg), jpeg)
        )


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
