"""The inputs of a sample of people, read into Python in bulk, as reading is not part of measuring the rule engines."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from codes.models import Fact, Registration, RiskArea, Rule, Run, Verdict

Pair = tuple[int, int]

CHECK_INS = """
SELECT citizen_id, provider_id, lower(span), upper(span)
FROM codes_checkindays CROSS JOIN LATERAL unnest(days) AS span
WHERE citizen_id = ANY (%s)
"""


class FactRow(NamedTuple):
    """A fact as the engines need it."""

    citizen_id: int
    source_id: int | None
    kind: str
    area: str | None
    started_on: date
    ended_on: date | None
    recorded_at: datetime


class RuleRow(NamedTuple):
    """A rule of a version."""

    version_id: int
    kind: str
    area_levels: list[str] | None
    colour: str
    anchor: str
    hold_days: int | None
    checkin_days: int
    tests: int
    cleared_by: list[str]


class RiskRow(NamedTuple):
    """An entry of a version's risk list."""

    version_id: int
    area: str
    level: str
    from_day: date
    to_day: date | None


class ProviderRow(NamedTuple):
    """A provider as frozen on the run."""

    provider_id: int
    source_id: int
    version_id: int
    horizon: datetime


@dataclass(frozen=True)
class Inputs:
    """All inputs of the verdicts of the sampled people, and the (citizen, provider) pairs to judge."""

    day: date
    asked: list[Pair]
    providers: dict[int, ProviderRow]
    facts: dict[int, list[FactRow]]
    check_ins: dict[Pair, list[tuple[date, date]]]
    rules: dict[int, list[RuleRow]]
    risk_areas: dict[int, list[RiskRow]]

    def sees(self, provider: ProviderRow, fact: FactRow) -> bool:
        """Return whether the provider sees the fact. The bench's cities have only first versions of sources' records."""
        return fact.source_id == provider.source_id and fact.recorded_at <= provider.horizon


def read(run: Run, citizens: Sequence[int]) -> Inputs:
    """Read the inputs by six queries, whatever the number of people."""
    facts, rules, risks = defaultdict(list), defaultdict(list), defaultdict(list)
    for fact in Fact.objects.filter(citizen__in=citizens).order_by("id").values_list(*FactRow._fields):
        facts[fact[0]].append(FactRow(*fact))
    for rule in Rule.objects.order_by("code", "id").values_list(*RuleRow._fields):
        rules[rule[0]].append(RuleRow(*rule))
    for risk in RiskArea.objects.values_list(*RiskRow._fields):
        risks[risk[0]].append(RiskRow(*risk))
    return Inputs(
        day=run.day,
        asked=list(
            Registration.objects.filter(citizen__in=citizens).order_by("citizen_id", "provider_id")
            .values_list("citizen_id", "provider_id")
        ),
        providers={row[0]: ProviderRow(*row) for row in run.providers.values_list(*ProviderRow._fields)},
        facts=facts,
        check_ins=check_in_spans(citizens),
        rules=rules,
        risk_areas=risks,
    )  # fmt: skip


def check_in_spans(citizens: Sequence[int]) -> dict[Pair, list[tuple[date, date]]]:
    """Map (citizen, provider) to spans of healthy days, the second day exclusive."""
    spans = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(CHECK_INS, [list(citizens)])
        for citizen, provider, first, last in cursor.fetchall():
            spans[citizen, provider].append((first, last))
    return spans


def colours(citizens: Sequence[int]) -> dict[Pair, str]:
    """Map (citizen, provider) to the product's colour where it is not green."""
    found = Verdict.objects.filter(citizen__in=citizens).values_list("citizen_id", "provider_id", "colour")
    return {(citizen, provider): colour for citizen, provider, colour in found}
