"""What a proposal rests on, as lines that lead to it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from codes.models import Fact
from portal.official.case_forms import record_told
from portal.official.matters import Row


@dataclass(frozen=True)
class Ground:
    """One line; ``address`` is empty for what is no file of the portal."""

    kind: str
    title: str
    address: str = ""


def grounds_shown(
    references: Iterable[str], *, number: str, facts: Iterable[Fact], files: Iterable[Row]
) -> list[Ground]:
    """The references of ``codes.review.grounds`` in words. A file of another case of the citizen's is named by its number."""
    by_fact = {fact.pk: fact for fact in facts}
    by_file = {file["id"]: file for file in files}
    shown = []
    for reference in references:
        kind, _, body = reference.partition(":")
        if kind == "fact" and int(body) in by_fact:
            shown.append(Ground(kind, record_told(by_fact[int(body)])))
        elif kind == "file" and int(body) in by_file:
            file = by_file[int(body)]
            address = reverse("official_evidence", args=[number, file["id"]])
            shown.append(Ground(kind, file["original_name"] or file["content_type"], address))
        else:
            shown.append(Ground(kind, body))
    return shown
