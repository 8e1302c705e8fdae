"""What a decision rests on, as references that can be followed: ``file:<id>``, ``fact:<id>``, ``document:<number>``."""

from collections.abc import Sequence

from codes.models import Citizen, Evidence, Fact
from codes.review.refusals import Reason
from regions.refusals import Refused

LONGEST_DOCUMENT = 200


def check_grounds(references: Sequence[str], *, citizen: Citizen) -> list[str]:
    """The references, each once. Raises ``Refused`` for one that is not of this citizen or says nothing."""
    kept = list(dict.fromkeys(reference.strip() for reference in references))
    files = {int(body) for kind, body in map(_parts, kept) if kind == "file"}
    facts = {int(body) for kind, body in map(_parts, kept) if kind == "fact"}
    if files and Evidence.objects.filter(pk__in=files, citizen=citizen).count() != len(files):
        raise Refused(Reason.UNKNOWN_EVIDENCE)
    if facts and Fact.objects.filter(pk__in=facts, citizen=citizen).count() != len(facts):
        raise Refused(Reason.UNKNOWN_EVIDENCE)
    return kept


def check_documents(references: Sequence[str]) -> list[str]:
    """References that may stand for several citizens at once: documents only."""
    kept = list(dict.fromkeys(reference.strip() for reference in references))
    if any(_parts(reference)[0] != "document" for reference in kept):
        raise Refused(Reason.UNKNOWN_EVIDENCE)
    return kept


def _parts(reference: str) -> tuple[str, str]:
    kind, _, body = reference.partition(":")
    numbered = kind in ("file", "fact") and body.isascii() and body.isdecimal()
    named = kind == "document" and 0 < len(body.strip()) <= LONGEST_DOCUMENT
    if not numbered and not named:
        raise Refused(Reason.UNKNOWN_EVIDENCE)
    return kind, body
