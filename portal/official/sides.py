"""The columns of a case: per provider the records it sees, the rules that hold, how far its source is – and what it lacks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Subquery

from codes.models import Fact, Registration, Rule, Run, RunProvider, Verdict
from portal.official.marking import Marks
from portal.official.matters import Row

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


def frozen_providers(citizen_id: int) -> list[RunProvider]:
    """What the newest settled run fixed for each provider; ``is_registered`` says whether the citizen is with it."""
    newest = Run.objects.filter(state__in=Run.SETTLED).order_by("-id").values("pk")[:1]
    registered = Registration.objects.filter(citizen=citizen_id, provider=OuterRef("provider"))
    found = RunProvider.objects.filter(run=Subquery(newest)).annotate(is_registered=Exists(registered))
    related = found.select_related("run", "provider", "source", "version__rule_set")
    return list(related.order_by("provider__code"))


def sides_of(
    frozen: Iterable[RunProvider],
    verdicts: Sequence[Verdict],
    facts: Sequence[Fact],
    marks: Marks,
    suppressions: Sequence[Row],
) -> list[SideShown]:
    """The columns of the providers the citizen is registered with."""
    by_provider = {verdict.provider_id: verdict for verdict in verdicts}
    rules = Rule.objects.in_bulk({hit["rule_id"] for verdict in verdicts for hit in verdict.hits})
    wrong = {(row["source_id"], row["provider_id"], row["record_id"]): row for row in suppressions}
    mine = [one for one in frozen if one.is_registered]  # type: ignore[attr-defined]  # annotated by frozen_providers
    seen = {one.pk: seen_by(one, facts) for one in mine}
    marked = [fact for fact in facts if fact.pk in marks.lacking]
    shown = []
    for one in mine:
        has = {_origin(fact) for fact in seen[one.pk]}
        lacks = [fact for fact in marked if _origin(fact) not in has]
        records = [
            RecordShown(fact, fact.pk in marks.facts, is_missing, wrong.get(_origin(fact)))
            for found, is_missing in ((seen[one.pk], False), (lacks, True))
            for fact in found
        ]
        shown.append(_side(one, by_provider.get(one.provider_id), records, rules, {f.pk: f for f in facts}, marks))
    return shown


def seen_by(frozen: RunProvider, facts: Iterable[Fact]) -> list[Fact]:
    """The records that counted for the provider in its run (``docs/semantics.md`` §2), the newest first; suppressed ones too."""
    counting: dict[Origin, Fact] = {}
    for fact in sorted(facts, key=lambda one: one.version):
        if _reaches(fact, frozen):
            counting[_origin(fact)] = fact
    return sorted((f for f in counting.values() if not f.revoked), key=lambda f: (f.started_on, f.pk), reverse=True)


def _reaches(fact: Fact, frozen: RunProvider) -> bool:
    if fact.received_at > frozen.run.as_of:
        return False
    if fact.source_id is not None:
        horizon: datetime | None = frozen.horizon
        return fact.source_id == frozen.source_id and horizon is not None and fact.recorded_at <= horizon
    return fact.origin == "city" or fact.provider_id == frozen.provider_id


def _origin(fact: Fact) -> Origin:
    return fact.source_id, fact.provider_id, fact.record_id


def _side(
    frozen: RunProvider,
    verdict: Verdict | None,
    records: list[RecordShown],
    rules: dict[int, Rule],
    facts: dict[int, Fact],
    marks: Marks,
) -> SideShown:
    code = frozen.provider.code
    is_late, check_ins = code in marks.late, marks.check_ins.get(code, "")
    if not frozen.known or verdict is None:
        return SideShown(frozen, "green" if frozen.known else "unknown", None, [], records, is_late, check_ins)
    hits = [
        HitShown(
            rules[hit["rule_id"]],
            facts[hit["fact_id"]],
            date.fromisoformat(hit["anchor"]),
            date.fromisoformat(hit["until"]) if hit["until"] else None,
            hit["rule_id"] in marks.rules or hit["fact_id"] in marks.facts,
        )
        for hit in verdict.hits
        if hit["fact_id"] in facts
    ]
    return SideShown(frozen, verdict.colour, verdict.turns_green_on, hits, records, is_late, check_ins)
