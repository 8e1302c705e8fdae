"""The conditions on a ruling, independent of who asks."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import TextChoices

from codes.models import Fact, Rule, Ruling, Verdict
from codes.review.errors import Reason
from codes.review.reasons import CARRIES, RefusalReason, RulingReason
from codes.vocabulary import Colour
from regions.refusals import CommonReason, Refused

LONGEST = timedelta(days=30)
LONGEST_TEXT = 2000

Weighed = list[tuple[str, int, str | None]]
"""Rule code, fact id and colour of each hit.

The colours of a ruling of an earlier release are unknown: it covers whatever colour the rule gives.
"""


def check_ruling(*, colour: str, reason_code: str, expires_on: date, evidence: Collection[str], today: date) -> None:
    """Check a ruling. ``expires_on`` is the first day on which it no longer holds. Raises ``Refused`` with the first fault."""
    if reason_code not in set(RulingReason):
        raise Refused(Reason.UNKNOWN_REASON)
    if colour not in set(Colour) or Colour(colour) not in CARRIES[RulingReason(reason_code)]:
        raise Refused(Reason.REASON_DOES_NOT_FIT)
    if not today < expires_on <= today + LONGEST:
        raise Refused(Reason.END_DATE)
    if not evidence:
        raise Refused(Reason.NO_EVIDENCE)


def check_text(text: str, *, required: bool = False) -> str:
    """Return the text without surrounding space.

    Raises ``Refused`` if it is required and missing, or longer than ``LONGEST_TEXT``.
    """
    text = text.strip()
    if required and not text:
        raise Refused(CommonReason.NO_REASON)
    if len(text) > LONGEST_TEXT:
        raise Refused(Reason.TEXT_TOO_LONG)
    return text


def check_refusal(reason_code: str, text: str) -> str:
    """Check the reason code of a refusal and return its text. Raises ``Refused``."""
    if reason_code not in set(RefusalReason):
        raise Refused(Reason.UNKNOWN_REASON)
    return check_text(text)


def check_end(reason_code: str, text: str, *, reasons: type[TextChoices]) -> str:
    """Check the reason code of an early end and return its note, which is required. Raises ``Refused``."""
    if reason_code not in set(reasons):
        raise Refused(Reason.UNKNOWN_REASON)
    return check_text(text, required=True)


def lighter(colour: str, than: str) -> bool:
    """Return whether a colour is less severe than another. Unknown is not a colour, and nothing is lighter than it."""
    if than not in set(Colour):
        return False
    return Colour(colour).severity < Colour(than).severity


def uncovered(hits: Iterable[tuple[str, str, int]], *, weighed: Weighed, colour: str) -> bool:
    """Return whether a hit (its colour, rule code, fact id) is more severe than the ruled colour and was not weighed.

    A hit whose rule gives a more severe colour than when it was weighed counts as another hit (``docs/adr/0092-…``).
    """
    known: dict[tuple[str, int], int] = {}
    for rule, fact, was in weighed:
        severity = Colour(was or Colour.RED).severity
        known[rule, fact] = max(severity, known.get((rule, fact), severity))
    return any(
        lighter(colour, than=severe) and Colour(severe).severity > known.get((rule, fact), 0)
        for severe, rule, fact in hits
    )


class Hit(NamedTuple):
    """An unreleased hit: the colour its rule gives, the rule's code, and the fact."""

    colour: str
    rule: str
    fact_id: int


def hits_of(citizens: Collection[int]) -> dict[int, list[Hit]]:
    """Return for each citizen the hits of their verdicts with all providers, each once.

    Two queries for any number of citizens.
    """
    rows = list(Verdict.objects.filter(citizen__in=citizens).values_list("citizen_id", "hits"))
    colours = dict(
        Rule.objects.filter(pk__in={hit["rule_id"] for _, hits in rows for hit in hits}).values_list("pk", "colour")
    )
    found: dict[int, set[Hit]] = {citizen: set() for citizen in citizens}
    for citizen, hits in rows:
        found[citizen] |= {Hit(colours[hit["rule_id"]], hit["rule"], hit["fact_id"]) for hit in hits}
    return {citizen: sorted(hits, key=lambda hit: (hit.rule, hit.fact_id)) for citizen, hits in found.items()}


# The columns in which two versions of a record with the same statement agree; the same as for the suspension of rulings
# (``codes/effective.sql``).
SAYING = ("record_id", "origin", "source_id", "provider_id", "kind", "area", "started_on", "ended_on")


def with_equal_versions(rulings: Sequence[Ruling]) -> list[Weighed]:
    """Return what each ruling weighed, extended by the record versions with the same statement: a name spelt
    differently is not a new hit.
    """
    ids = {fact for ruling in rulings for _, fact in ruling.weighed}
    content = {pk: tuple(row) for pk, *row in Fact.objects.filter(pk__in=ids).values_list("pk", *SAYING)}
    again: dict[tuple[Any, ...], list[int]] = {row: [] for row in content.values()}
    for pk, *row in Fact.objects.filter(record_id__in={row[0] for row in again}).values_list("pk", *SAYING):
        if tuple(row) in again:
            again[tuple(row)].append(pk)
    return [
        [
            (rule, pk, colour)
            for (rule, fact), colour in zip(ruling.weighed, _colours_of(ruling), strict=True)
            for pk in {fact, *again.get(content.get(fact, ()), ())}
        ]
        for ruling in rulings
    ]


def _colours_of(ruling: Ruling) -> Sequence[str | None]:
    noted: list[str] | None = ruling.weighed_colours
    return [None] * len(ruling.weighed) if noted is None else noted


def weighed_in(hits: Collection[Hit]) -> dict[str, Any]:
    """Return the columns to store with a ruling: each rule and fact once, with the most severe colour the rule gives in
    any version.
    """
    severest: dict[tuple[str, int], str] = {}
    for hit in sorted(hits, key=lambda one: (one.rule, one.fact_id, Colour(one.colour).severity)):
        severest[hit.rule, hit.fact_id] = hit.colour
    return {"weighed": [list(pair) for pair in severest], "weighed_colours": list(severest.values())}
