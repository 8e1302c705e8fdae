"""Judge a person with one source, one provider and a few rules, and return the results of engine and forecast on a day."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import transaction

from codes.engine.provider_states import provider_states
from codes.forecast.outlook import Outlook, outlooks
from codes.models import Run, VerdictChange
from codes.runs.ledger import start_run
from codes.runs.partitions import evaluate_range
from codes.runs.steps import freeze_providers, run_here
from tests.integration.engine.loading import hits_of, load_world
from tests.oracle import (
    Batch,
    CheckIn,
    FactVersion,
    Origin,
    Provider,
    Registration,
    RiskArea,
    Rule,
    RuleSetVersion,
    Source,
    World,
)
from tests.worlds import TODAY, day, tick

SOURCE = Origin("source", "police")
WHO = "zhang"
AREA = "420100"


@dataclass(frozen=True)
class Judged:
    """The result. ``hits`` are (rule, record, anchor); ``needs`` are (rule that waits, whether the end of a stay is missing)."""

    colour: str
    hits: frozenset[tuple[str, str, date]]
    turns_green_on: date | None
    needs: frozenset[tuple[str, bool]]
    untils: frozenset[date | None]
    outlook: Outlook | None

    @property
    def anchors(self) -> set[date]:
        return {anchor for _rule, _record, anchor in self.hits}


def record(
    kind: str,
    started: int,
    ended: int | None = None,
    *,
    area: str | None = None,
    recorded: int | None = None,
    received: int | None = None,
    name: str = "",
    version: int = 1,
    citizen: str = WHO,
    revoked: bool = False,
) -> FactVersion:
    """Return a fact of the source. Days and instants are numbers.

    Unless specified otherwise, it is recorded at 3:00 of its first day and received at once.
    """
    at = 3 * started if recorded is None else recorded
    return FactVersion(
        origin=SOURCE,
        record_id=name or f"{kind}-{started}",
        version=version,
        citizen=citizen,
        kind=kind,
        area=area or (AREA if kind == "area_stay" else None),
        started_on=day(started),
        ended_on=None if ended is None else day(ended),
        recorded_at=tick(at),
        received_at=tick(at if received is None else received),
        revoked=revoked,
    )


def listed(first: int, last: int | None = None, *, level: str = "high", area: str = AREA) -> RiskArea:
    return RiskArea(area, level, day(first), None if last is None else day(last))


def world(
    *facts: FactVersion,
    rules: tuple[Rule, ...],
    areas: tuple[RiskArea, ...] = (),
    checked_in: range = range(0),
    later: tuple[RuleSetVersion, ...] = (),
) -> World:
    """Return a world with these facts. Check-ins are received on the morning of their day."""
    citizens = tuple(dict.fromkeys((WHO, *(fact.citizen for fact in facts))))
    return World(
        providers=(Provider("alipay", "police", "national"),),
        sources=(Source("police", timedelta(days=1_000)),),
        rule_sets=(RuleSetVersion("national", 1, day(-1_000), rules, areas), *later),
        citizens=citizens,
        facts=facts,
        check_ins=tuple(CheckIn(WHO, "alipay", day(number), True, tick(3 * number)) for number in checked_in),
        registrations=tuple(Registration(one, "alipay", tick(-3_000)) for one in citizens),
    )


def judge(known: World, number: int = TODAY, *, citizen: str = WHO, horizon: datetime | None = None) -> Judged:
    """Judge the citizen by a run at 11:00 of the day with this number. The source is complete up to then, or to `horizon`."""
    at = noon(number)
    known = delivered(known, Batch(at, horizon or at))
    with transaction.atomic():
        keys = load_world(known, known_at=at)
        run, _ = start_run(by="system", now=at, day=day(number), as_of=at, collects=False)
        run = run_here(run.pk, clock=lambda: at, progress=lambda _run: None)
        assert run.state in Run.SETTLED, run.message
        sides = provider_states(keys.citizens[citizen], now=at)
        verdict = sides[0].verdict
        hits = hits_of(verdict.hits, keys.facts) if verdict else set()
        untils = {hit["until"] for hit in verdict.hits} if verdict else set()
        needs = (verdict.needs or ()) if verdict else ()
        said = Judged(
            colour=sides[0].state.value,
            hits=frozenset((rule, fact.record_id, anchor) for rule, fact, anchor in hits),
            turns_green_on=verdict.turns_green_on if verdict else None,
            needs=frozenset((need["rule"], need.get("leaves", False)) for need in needs),
            untils=frozenset(date.fromisoformat(until) if until else None for until in untils),
            outlook=outlooks(keys.citizens[citizen], sides).get("alipay"),
        )
        transaction.set_rollback(True)
    return said


def colours(known: World, numbers: range) -> str:
    """Return a letter for each day: r, y or g. Each is judged as of 11:00 of that day, without settling in between."""
    known = delivered(known, *(Batch(noon(number), noon(number)) for number in numbers))
    said = ""
    with transaction.atomic():
        load_world(known, known_at=noon(numbers[-1]))
        for number in numbers:
            said += _colour(noon(number), day(number), zone=str(known.zone))
        transaction.set_rollback(True)
    return said


def _colour(at: datetime, on: date, *, zone: str) -> str:
    with transaction.atomic():
        run = Run.objects.create(day=on, as_of=at, started_by="test", started_at=at)
        freeze_providers(run)
        evaluate_range(run=run, low=0, high=2**62, zone=zone)
        change = VerdictChange.objects.filter(run=run, citizen__ref=WHO).first()
        transaction.set_rollback(True)
    return change.after[0] if change else "g"


def noon(number: int) -> datetime:
    return tick(3 * number + 1)


def delivered(known: World, *batches: Batch) -> World:
    return replace(known, sources=tuple(replace(source, batches=batches) for source in known.sources))
