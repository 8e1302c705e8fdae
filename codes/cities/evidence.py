"""Files of a correction: the asked city fetches each from the asking city and stores it with the case.

The correction names the files by their digests. Each is fetched by a signed call of its own, redrawn like any upload,
and read by officials with a purpose. In both cities the person sees who received it
(``docs/adr/0070-files-of-corrections.md``).
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db import transaction
from pydantic import BaseModel, Field, ValidationError

from codes.cities.signing import BadMessage, NotTaken, ask
from codes.models import CityCorrection, Evidence, Neighbour
from codes.review.evidence.faults import MAX_BYTES, CheckedFile
from codes.review.evidence.files import MAX_FILES, hand_to_city, keep_from_city
from codes.review.evidence.uploads import check_upload
from regions.refusals import NotFound, Refused
from regions.sources.connectors.timeouts import HttpLimits

PATH = "/api/v1/cities/correction-files"
# A file of the largest size in base64.
LIMITS = HttpLimits(read_seconds=10, page_seconds=60, total_seconds=60, page_bytes=2 * MAX_BYTES)
# Key in a line of evidence: the number of the stored file.
KEPT = "kept"
GONE = 404


class FileMessage(BaseModel):
    """What the asked city sends."""

    reference: UUID
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def answer_file(body: Mapping[str, Any], *, of: Neighbour, now: datetime) -> dict[str, str]:
    """Return a file of a correction, for the city that was asked for it. Raises ``BadMessage`` and ``NotFound``."""
    try:
        message = FileMessage.model_validate(dict(body))
    except ValidationError:
        raise BadMessage from None
    asked = CityCorrection.objects.sent().exclude(state=CityCorrection.State.WITHDRAWN)
    one = asked.filter(neighbour=of, reference=message.reference).first()
    if one is None or message.sha256 not in {line.get("sha256") for line in one.evidence}:
        raise NotFound
    found = Evidence.objects.filter(case=one.case_id, sha256=bytes.fromhex(message.sha256)).order_by("pk").first()
    if found is None:
        raise NotFound
    content = hand_to_city(found, division=of.division, purpose=str(one.reference), now=now)
    return {"content": base64.b64encode(content).decode()}


def without_kept(evidence: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines as the asking city sent them."""
    return [{name: value for name, value in line.items() if name != KEPT} for line in evidence]


def missing(evidence: list[dict[str, Any]]) -> list[str]:
    """Return the digests of the files that are still to be fetched."""
    files = [line for line in evidence if "sha256" in line][:MAX_FILES]
    return [str(line["sha256"]) for line in files if KEPT not in line]


def fetch_files(asked: CityCorrection, *, now: datetime) -> None:
    """Fetch the missing files of a correction that was received.

    Call outside transactions. Raises ``signing.NO_ANSWER``.

    A file that the asking city has no more, or that the upload check refuses, is skipped.
    """
    for sha256 in missing(asked.evidence):
        try:
            # The check may draw a PDF anew, for which no transaction should wait.
            _keep(asked, sha256, check_upload(_fetch(asked, sha256, now=now)), now=now)
        except NotTaken as answer:
            if answer.status != GONE:
                raise
        except Refused:
            continue


def _fetch(asked: CityCorrection, sha256: str, *, now: datetime) -> bytes:
    message = {"reference": str(asked.reference), "sha256": sha256}
    answer = ask(asked.neighbour, PATH, message, now=now, limits=LIMITS)
    try:
        content = base64.b64decode(str(answer.get("content", "")), validate=True)
    except binascii.Error:
        content = b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise NotTaken(200)
    return content


def _keep(asked: CityCorrection, sha256: str, checked: CheckedFile, *, now: datetime) -> None:
    with transaction.atomic():
        one = CityCorrection.objects.select_for_update(of=("self",)).select_related("case__citizen").get(pk=asked.pk)
        if one.case is None or sha256 not in missing(one.evidence):
            return
        kept = keep_from_city(one.case, checked, division=asked.neighbour.division, now=now)
        lines = [{**line, KEPT: kept.pk} if line.get("sha256") == sha256 else line for line in one.evidence]
        CityCorrection.objects.filter(pk=one.pk).update(evidence=lines)
