"""The hits a ruling weighs: all unreleased ones of its citizen's verdicts at the time."""

from collections.abc import Collection
from typing import NamedTuple

from codes.models import Rule, Verdict
from codes.review.ruling_policy import Weighed


class Hit(NamedTuple):
    """An unreleased hit: what its rule makes of it, the rule's code, the fact it rests on."""

    colour: str
    rule: str
    fact_id: int


def hits_of(citizens: Collection[int]) -> dict[int, list[Hit]]:
    """Citizen → the hits of their verdicts with all providers, each once. Two queries for however many."""
    rows = list(Verdict.objects.filter(citizen__in=citizens).values_list("citizen_id", "hits"))
    colours = dict(
        Rule.objects.filter(pk__in={hit["rule_id"] for _, hits in rows for hit in hits}).values_list("pk", "colour")
    )
    found: dict[int, set[Hit]] = {citizen: set() for citizen in citizens}
    for citizen, hits in rows:
        found[citizen] |= {Hit(colours[hit["rule_id"]], hit["rule"], hit["fact_id"]) for hit in hits}
    return {citizen: sorted(hits, key=lambda hit: (hit.rule, hit.fact_id)) for citizen, hits in found.items()}


def weighed_in(hits: Collection[Hit]) -> Weighed:
    """As it is stored with a ruling: each rule and fact once."""
    return [[rule, fact] for rule, fact in sorted({(hit.rule, hit.fact_id) for hit in hits})]
