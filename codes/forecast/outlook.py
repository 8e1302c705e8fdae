"""One provider's verdict, looked forward: what its run knew says what is still missing, through the engine itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection

from codes.engine.query import verdicts_of
from codes.engine.subjects import DAILY
from codes.forecast.acts import Act, CheckIn, Clearance, MoreTests, Review, Wait, counted, merged
from codes.models import Rule, Run, Verdict
from codes.runs.mend import standing_run
from regions.sql import compose
from regions.tenancy import current_city
from regions.vocabulary import FactKind

SQL = Path(__file__).with_suffix(".sql")
HITS = compose(SQL, "hits")


class Hit(NamedTuple):
    """An unreleased hit: ``until`` by what is known, ``until_told`` when the citizen checks in every day from now on.

    Hits of an edition that is not in force yet are judged on its first day; ``next_edition`` is the nearest such day.
    ``checked_in``: whether the citizen has checked in healthy with the provider today.
    """

    provider: str
    version_id: int
    rule_id: int
    anchor: date
    since: date
    until: date | None
    until_told: date | None
    test_days: list[date] | None
    next_edition: date | None
    checked_in: bool


@dataclass(frozen=True)
class Outlook:
    """``day_number`` of ``of_days`` counts the hit that ends last; both are none when no day is in sight."""

    day_number: int | None
    of_days: int | None
    turns_green_on: date | None
    acts: list[Act] = field(default_factory=list)


def outlooks(citizen_id: int, *, run: Run) -> dict[str, Outlook]:
    """Provider → outlook, for every provider of the run that shows the citizen red or yellow.

    ``run`` is the last settled one, which the stored verdicts stand for unless it was amended for the citizen.
    """
    run = standing_run(run, citizen_id)
    known = run.providers.filter(known=True).values("provider")
    verdicts = list(Verdict.objects.filter(citizen=citizen_id, provider__in=known).select_related("provider"))
    hits = hits_of(citizen_id, run_id=run.pk, today=run.day) if verdicts else []
    rules = Rule.objects.in_bulk(rules_needed(verdicts, hits))
    return outlooks_from(verdicts, hits, rules, day=run.day)


def hits_of(citizen_id: int, *, run_id: int, today: date) -> list[Hit]:
    """What holds the citizen by the run's inputs, with everything that an outlook is made from: one question."""
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {
            "run": run_id,
            "low": citizen_id,
            "high": citizen_id + 1,
            "zone": current_city().timezone,
            "today": today,
        }
        cursor.execute(f"{verdicts_of(DAILY)}\n{HITS}", parameters)
        return [Hit(*row) for row in cursor.fetchall()]


def rules_needed(verdicts: Iterable[Verdict], hits: Iterable[Hit]) -> set[int]:
    """The rules that ``outlooks_from`` asks for, by id."""
    return {hit.rule_id for hit in hits} | {need["rule_id"] for verdict in verdicts for need in verdict.needs or ()}


def outlooks_from(
    verdicts: Iterable[Verdict], hits: Sequence[Hit], rules: dict[int, Rule], *, day: date
) -> dict[str, Outlook]:
    """The outlook of each verdict, from rows that are at hand; ``day`` is the run's."""
    found = {}
    for verdict in verdicts:
        own = [hit for hit in hits if hit.provider == verdict.provider.code]
        check_in = _check_ins_matter(own, rules) or _changes_before_green(verdict, own)
        found[verdict.provider.code] = _outlook(verdict, own, rules, day, check_in=check_in)
    return found


def _outlook(verdict: Verdict, hits: list[Hit], rules: dict[int, Rule], day: date, *, check_in: bool) -> Outlook:
    green = verdict.turns_green_on
    acts: list[Act] = [CheckIn(verdict.provider.code, green)] if check_in else []
    if green is None:
        acts += merged(_missing(need, hits, rules, day) for need in verdict.needs or ())
        return Outlook(None, None, None, acts)
    held = [hit for hit in hits if hit.version_id == verdict.version_id and hit.since <= day]
    last = max(held, key=lambda hit: (hit.until_told or date.max, hit.anchor), default=None)
    return Outlook(
        day_number=(day - last.anchor).days + 1 if last else None,
        of_days=(green - last.anchor).days if last else None,
        turns_green_on=green,
        acts=acts or [Wait(green)],
    )


def _check_ins_matter(hits: list[Hit], rules: dict[int, Rule]) -> bool:
    """Whether checking in ends a hit earlier, or is asked for by one that waits for more than that."""
    return any(
        hit.until != hit.until_told
        or (hit.until_told is None and rules[hit.rule_id].checkin_days > 0 and rules[hit.rule_id].hold_days is not None)
        for hit in hits
    )


def _changes_before_green(verdict: Verdict, hits: Iterable[Hit]) -> bool:
    """Whether another edition takes over by then: the day was worked out with check-ins until its first day."""
    nearest = min((hit.next_edition for hit in hits if hit.next_edition), default=None)
    return nearest is not None and nearest <= (verdict.turns_green_on or date.max)


def _missing(need: dict[str, Any], hits: list[Hit], rules: dict[int, Rule], day: date) -> Act:
    """The act that a rule of ``Verdict.needs`` waits for."""
    rule = rules[need["rule_id"]]
    others = tuple(kind for kind in rule.cleared_by if kind != FactKind.NEGATIVE_TEST)
    waiting = [hit for hit in hits if hit.rule_id == rule.pk and hit.until_told is None]
    if len(others) < len(rule.cleared_by):
        return MoreTests(count=1, gap_days=0, from_day=max([day, *(hit.anchor for hit in waiting)]), kinds=others)
    if rule.hold_days is not None and rule.tests:
        return _more_tests(rule, waiting, day)
    return Clearance(others) if others else Review()


def _more_tests(rule: Rule, hits: list[Hit], day: date) -> MoreTests:
    """Counted on the hit that lacks most; a test must keep its distance from those taken for any of them."""
    gap = timedelta(days=rule.test_gap_days)
    taken = [counted((day for day in hit.test_days or () if day >= hit.anchor), gap_days=gap.days) for hit in hits]
    fewest = min((len(days) for days in taken), default=0)
    from_day = max([day, *(hit.anchor for hit in hits), *(days[-1] + gap for days in taken if days)])
    return MoreTests(rule.tests - fewest, gap.days, from_day, tuple(rule.cleared_by))
