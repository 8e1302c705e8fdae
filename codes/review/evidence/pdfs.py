"""PDFs are rewritten page by page as pictures, by a separate process with limits on memory, time and output."""

import os
import subprocess
import sys
from pathlib import Path

from codes.review.evidence import pdf_program
from codes.review.evidence.faults import MAX_BYTES, MAX_PAGES, CheckedFile, UploadFault
from regions.refusals import Refused

PDF = "application/pdf"
HEAD = b"%PDF-"
PROGRAM = str(Path(pdf_program.__file__))
# Memory that Python, Pillow and PDFium need before the first page.
OWN_MEMORY = 64 * 2**20
PROCESSOR_SECONDS = 10
SECONDS = 20
MOST_BYTES = 2 * MAX_BYTES
FAULTS = {
    pdf_program.LOCKED: UploadFault.PDF_LOCKED,
    pdf_program.BROKEN: UploadFault.PDF_BROKEN,
    pdf_program.TOO_LONG: UploadFault.PDF_TOO_LONG,
}


def rewrite(content: bytes, *, memory: int) -> CheckedFile:
    """Return a PDF with pictures of the pages, drawn within ``memory`` bytes. Raises ``Refused``."""
    limits = (memory + OWN_MEMORY, PROCESSOR_SECONDS, MOST_BYTES, MAX_PAGES)
    # Files in memory: neither process waits for the other, and nothing unencrypted is written to a disk.
    with os.fdopen(os.memfd_create("sent"), "w+b") as sent, os.fdopen(os.memfd_create("drawn"), "w+b") as drawn:
        sent.write(content)
        sent.seek(0)
        try:
            ended = subprocess.run(
                [sys.executable, "-I", PROGRAM, *map(str, limits)],
                stdin=sent,
                stdout=drawn,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={},  # also without the portal's keys and passwords
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Refused(UploadFault.PDF_TOO_MUCH) from error
        if ended.returncode:
            raise Refused(FAULTS.get(ended.returncode, UploadFault.PDF_TOO_MUCH))
        drawn.seek(0)
        return CheckedFile(drawn.read(), PDF)
