"""The columns of a case: per provider the records it sees, the rules that hold, how far its source is – and what it lacks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from codes.engine.sides import Seen, Side
from codes.models import Fact, Rule, RunProvider
from codes.vocabulary import State
from portal.official.approvals.inbox import Row
from portal.official.marking import Marks

Origin = tuple[int | None, int | None, str]


@dataclass(frozen=True)
class HitShown:
    """A hit with the rule and the fact it rests on; ``until``: the day it ends if the citizen does as told, or none."""

    rule: Rule
    fact: Fact
    anchor: date
    until: date | None
    differs: bool


@dataclass(frozen=True)
class RecordShown:
    """A record in a column. ``is_missing``: the other side's, which this provider does not see."""

    fact: Fact
    differs: bool
    is_missing: bool
    suppression: Row | None


@dataclass(frozen=True)
class SideShown:
    """One provider's column."""

    frozen: RunProvider
    colour: str
    turns_green_on: date | None
    hits: list[HitShown]
    records: list[RecordShown]
    is_late: bool
    check_ins: str


def sides_shown(
    sides: Iterable[Side],
    seen: Iterable[Seen],
    facts: Mapping[int, Fact],
    marks: Marks,
    suppressions: Sequence[Row],
) -> list[SideShown]:
    """The columns of the providers the citizen has applied with. ``seen``: by the run of the sides; ``facts`` by id."""
    mine = [side for side in sides if side.state is not State.NOT_APPLIED]
    rules = Rule.objects.in_bulk({hit["rule_id"] for side in mine if side.verdict for hit in side.verdict.hits})
    wrong = {(row["source_id"], row["provider_id"], row["record_id"]): row for row in suppressions}
    marked = [facts[pk] for pk in sorted(marks.lacking) if pk in facts]
    in_view: dict[int, set[int]] = {side.inputs.provider_id: set() for side in mine}
    for one in seen:
        in_view[one.provider_id].add(one.fact_id)
    shown = []
    for side in mine:
        own = [facts[pk] for pk in in_view[side.inputs.provider_id]]
        has = {_origin(fact) for fact in own}
        lacks = [fact for fact in marked if _origin(fact) not in has]
        records = [
            RecordShown(fact, fact.pk in marks.facts, is_missing, wrong.get(_origin(fact)))
            for found, is_missing in ((own, False), (lacks, True))
            for fact in sorted(found, key=lambda fact: (fact.started_on, fact.pk), reverse=True)
        ]
        code, verdict = side.inputs.provider.code, side.verdict
        shown.append(
            SideShown(
                frozen=side.inputs,
                colour=side.state.value,
                turns_green_on=verdict.turns_green_on if verdict else None,
                hits=[_hit(hit, rules, facts, marks) for hit in verdict.hits] if verdict else [],
                records=records,
                is_late=code in marks.late,
                check_ins=marks.check_ins.get(code, ""),
            )
        )
    return shown


def _origin(fact: Fact) -> Origin:
    return fact.source_id, fact.provider_id, fact.record_id


def _hit(hit: Mapping[str, Any], rules: Mapping[int, Rule], facts: Mapping[int, Fact], marks: Marks) -> HitShown:
    return HitShown(
        rules[hit["rule_id"]],
        facts[hit["fact_id"]],
        date.fromisoformat(hit["anchor"]),
        date.fromisoformat(hit["until"]) if hit["until"] else None,
        hit["rule_id"] in marks.rules or hit["fact_id"] in marks.facts,
    )
