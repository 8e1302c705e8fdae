"""When a citizen's colour turns green, and what is still missing, computed by the engine from the inputs of the run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from codes.effective import CurrentCode, effective_code
from codes.engine.provider_states import ProviderState, provider_states
from codes.engine.query import verdicts_of
from codes.engine.subjects import DAILY_OF_ONE
from codes.models import Rule, Ruling, Verdict
from codes.validity import Age
from regions.prepared import Prepared
from regions.sql import compose
from regions.tenancy import current_city
from regions.vocabulary import FactKind

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class CheckIn:
    """Check in healthy with the provider every day up to and including ``last_day``; ``None``: until the other acts are done."""

    provider: str
    last_day: date | None


@dataclass(frozen=True)
class MoreTests:
    """``count`` more negative tests, ``gap_days`` apart, the first not before ``from_day``; or a record of ``kinds``."""

    count: int
    gap_days: int
    from_day: date
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clearance:
    """A record of one of these kinds is required; the citizen cannot create it."""

    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Review:
    """No rule releases the hit: only a manual review can."""


@dataclass(frozen=True)
class Wait:
    until: date


@dataclass(frozen=True)
class TellEnd:
    """State when a stay in ``area`` ended: no day is counted before that.

    ``declared_with`` is the provider it was declared with; ``None`` if a source recorded it.
    """

    area: str
    declared_with: str | None


Act = CheckIn | MoreTests | Clearance | Review | Wait | TellEnd


def counted_tests(tests: Iterable[date], *, gap_days: int) -> list[date]:
    """Return the days of the tests that count, chosen greedily from the first (``docs/semantics.md`` §3)."""
    taken: list[date] = []
    for day in sorted(tests):
        if not taken or day >= taken[-1] + timedelta(days=gap_days):
            taken.append(day)
    return taken


def merge_acts(acts: Iterable[Act]) -> list[Act]:
    """Return the acts without duplicates.

    The tests of all rules become one series that satisfies every rule. Waiting is returned only if there is no other act.
    """
    distinct = list(dict.fromkeys(acts))
    waits = [act for act in distinct if isinstance(act, Wait)]
    each: list[Act] = [act for act in distinct if not isinstance(act, Wait)]
    if waits and not each:
        return [max(waits, key=lambda wait: wait.until)]
    tests = [act for act in each if isinstance(act, MoreTests)]
    if len(tests) < 2:
        return each
    series = MoreTests(
        count=max(act.count for act in tests),
        gap_days=max(act.gap_days for act in tests),
        from_day=max(act.from_day for act in tests),
        kinds=tuple(kind for kind in tests[0].kinds if all(kind in act.kinds for act in tests)),
    )
    return [series, *(act for act in each if not isinstance(act, MoreTests))]


SQL = Path(__file__).with_suffix(".sql")
HITS = Prepared("hits_of_one", f"{verdicts_of(DAILY_OF_ONE)}\n{compose(SQL, 'hits')}")


class Hit(NamedTuple):
    """An unreleased hit.

    It ends on ``until`` by what is known now, and on ``until_if_followed`` if the citizen checks in every day from now on.
    Hits of a version that is not in force yet are judged on its first day; ``next_version`` is the nearest such day.
    ``holds``: whether it holds the citizen on the day judged, and not only later. ``checked_in``: whether the citizen has checked
    in healthy with the provider today. ``counts_from``: see ``outlook.sql``. ``declared_with``: the provider with which the fact
    was declared, if any.
    """

    provider: str
    version_id: int
    rule_id: int
    anchor: date
    since: date
    holds: bool
    until: date | None
    until_if_followed: date | None
    test_days: list[date] | None
    next_version: date | None
    checked_in: bool
    counts_from: date | None
    area: str | None
    declared_with: str | None


@dataclass(frozen=True)
class Outlook:
    """When a colour turns green and what the citizen must do.

    ``day_number`` of ``of_days`` are the days of the hit that ends last; both are ``None`` if no day is known. ``starts_on`` is
    the day from which the days will count, while they do not count yet; there is no ``day_number`` then. ``put_off`` is the
    number of days by which ``of_days`` exceeds the rule's, because check-ins began late or were interrupted.
    """

    day_number: int | None
    of_days: int | None
    turns_green_on: date | None
    acts: list[Act] = field(default_factory=list)
    starts_on: date | None = None
    put_off: int = 0


def outlooks(citizen_id: int, sides: Sequence[ProviderState]) -> dict[str, Outlook]:
    """Return provider's code → outlook, for the states that are red or yellow, or held red or yellow because a source is silent."""
    verdicts = [side.holding for side in sides if side.holding]
    if not verdicts:
        return {}
    run = sides[0].inputs.run
    hits = hits_of(citizen_id, run_id=sides[0].rests_on, today=run.day)
    return outlooks_from(verdicts, hits, Rule.objects.in_bulk(rules_needed(verdicts, hits)), day=run.day)


def hits_of(citizen_id: int, *, run_id: int, today: date) -> list[Hit]:
    """Return the citizen's unreleased hits by the run's inputs, with all data that an outlook requires, in one query."""
    asked = {"run": run_id, "citizen": citizen_id, "zone": current_city().timezone, "today": today}
    return [Hit(*row) for row in HITS.rows(asked)]


def rules_needed(verdicts: Iterable[Verdict], hits: Iterable[Hit]) -> set[int]:
    return {hit.rule_id for hit in hits} | {need["rule_id"] for verdict in verdicts for need in verdict.needs or ()}


def outlooks_from(
    verdicts: Iterable[Verdict], hits: Sequence[Hit], rules: dict[int, Rule], *, day: date
) -> dict[str, Outlook]:
    """Return the outlook of each verdict from rows that are loaded already; ``day`` is the run's."""
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
        acts += merge_acts(act for need in verdict.needs or () for act in _missing(need, hits, rules, day))
        return Outlook(None, None, None, acts or _wait_long(hits))
    held = [hit for hit in hits if hit.version_id == verdict.version_id and hit.holds]
    last = max(held, key=lambda hit: (hit.until_if_followed or date.max, hit.anchor), default=None)
    start = last.counts_from if last else None
    if last is None or start is None or start == green <= day:
        return Outlook(None, None, green, acts or [Wait(green)])
    of_days, rule = (green - start).days, rules[last.rule_id]
    return Outlook(
        # For somebody who can turn green today by checking in, today is still the last of the days.
        day_number=min((day - start).days + 1, of_days) if start <= day else None,
        of_days=of_days,
        turns_green_on=green,
        acts=acts or [Wait(green)],
        starts_on=start if start > day else None,
        put_off=max(0, of_days - (rule.hold_days or of_days)) if rule.checkin_days else 0,
    )


def _wait_long(hits: Iterable[Hit]) -> list[Act]:
    """Return a wait for the end of the last hit, if that is further ahead than the days announced for codes."""
    days = [hit.until_if_followed for hit in hits if hit.until_if_followed]
    return [Wait(max(days))] if days else []


def _check_ins_matter(hits: list[Hit], rules: dict[int, Rule]) -> bool:
    """Return whether check-ins end a hit earlier, or are one of several requirements of a hit."""
    return any(
        hit.until != hit.until_if_followed
        or (
            hit.until_if_followed is None
            and rules[hit.rule_id].checkin_days > 0
            and rules[hit.rule_id].hold_days is not None
        )
        for hit in hits
    )


def _changes_before_green(verdict: Verdict, hits: Iterable[Hit]) -> bool:
    """Return whether another version takes effect before that day, which was then computed with check-ins until its first day."""
    nearest = min((hit.next_version for hit in hits if hit.next_version), default=None)
    return nearest is not None and nearest <= (verdict.turns_green_on or date.max)


def _missing(need: dict[str, Any], hits: list[Hit], rules: dict[int, Rule], day: date) -> list[Act]:
    rule = rules[need["rule_id"]]
    waiting = [hit for hit in hits if hit.rule_id == rule.pk and hit.until_if_followed is None]
    if need.get("leaves"):
        going_on = [hit for hit in waiting if hit.counts_from is None]
        return [TellEnd(hit.area, hit.declared_with) for hit in going_on if hit.area]
    others = tuple(kind for kind in rule.cleared_by if kind != FactKind.NEGATIVE_TEST)
    if len(others) < len(rule.cleared_by):
        return [MoreTests(count=1, gap_days=0, from_day=_test_day(waiting, day), kinds=others)]
    if rule.hold_days is not None and rule.tests:
        return [_more_tests(rule, waiting, day)]
    return [Clearance(others) if others else Review()]


def _test_day(hits: Iterable[Hit], day: date) -> date:
    """Return the first day on which a test counts for all these hits: after the day each counts from, and not before it begins."""
    return max([day, *(max(hit.since, hit.counts_from + ONE_DAY) for hit in hits if hit.counts_from)])


def _more_tests(rule: Rule, hits: list[Hit], day: date) -> MoreTests:
    """Return the tests missing for the hit that lacks the most; a test must also keep the gap to those taken for any other hit."""
    gap = timedelta(days=rule.test_gap_days)
    taken = [
        counted_tests(
            (day for day in hit.test_days or () if hit.counts_from and day > hit.counts_from), gap_days=gap.days
        )
        for hit in hits
    ]
    fewest = min((len(days) for days in taken), default=0)
    from_day = max([_test_day(hits, day), *(days[-1] + gap for days in taken if days)])
    return MoreTests(rule.tests - fewest, gap.days, from_day, tuple(rule.cleared_by))


def effective_outlook(citizen_id: int, *, now: datetime) -> Outlook | None:
    """Return the acts that the deciding providers require and the latest of their days.

    A ruling in force applies until it expires, and the providers' colours after that. Return ``None`` if the code is green or
    unknown, or if the run is no longer valid, since its days may have passed.
    """
    current = effective_code(citizen_id, now=now)
    if not has_outlook(current):
        return None
    sides = provider_states(citizen_id, now=now)
    if not Age.of(sides[0].inputs.run.day if sides else None, now=now).is_valid:
        return None
    ruled_until = _ruled_until(citizen_id) if current.because == "ruling" else None
    return effective_from(outlooks(citizen_id, sides), sides, ruled_until=ruled_until)


def has_outlook(current: CurrentCode) -> bool:
    """Return whether a code can have an outlook: green needs none, and unknown has none."""
    return current.colour not in ("green", "unknown")


def effective_from(
    own: Mapping[str, Outlook], sides: Sequence[ProviderState], *, ruled_until: date | None = None
) -> Outlook:
    """Return the effective outlook from outlooks and states that are loaded already.

    A held colour counts until its own day, in case the source stays silent. While no provider has a colour, there is no day on
    which the code turns green.
    """
    latest = _latest([own[code] for code in deciding_providers(sides) if code in own], ruled_until)
    return latest if any(side.state.colour for side in sides) else Outlook(None, None, None, latest.acts)


def outlook_of_all(own: Mapping[str, Outlook]) -> Outlook:
    """Return the outlook until no provider holds the citizen any more, for somebody whose code is green although some still do."""
    return _latest(list(own.values()), None)


def deciding_providers(sides: Sequence[ProviderState]) -> list[str]:
    """Return the codes of the providers whose colours, shown or held, determine when the effective code turns green."""
    horizons = {side.inputs.provider.code: side.inputs.horizon for side in sides if side.state.colour}
    return [*_deciding(horizons), *(side.inputs.provider.code for side in sides if side.held)]


def _deciding(horizons: Mapping[str, datetime | None]) -> list[str]:
    """Return the codes of the providers that decide by the city's interim policy; all of them if it is ``strictest``."""
    policy, _, preferred = current_city().interim_policy.partition(":")
    if policy == "prefer" and preferred in horizons:
        return [preferred]
    if policy == "freshest":
        newest = max((horizon for horizon in horizons.values() if horizon), default=None)
        return [code for code, horizon in horizons.items() if horizon == newest]
    return list(horizons)


def _ruled_until(citizen_id: int) -> date | None:
    ruling = Ruling.objects.filter(citizen=citizen_id, state=Ruling.State.APPROVED, suspended_at__isnull=True).first()
    return ruling.expires_on if ruling else None


def _latest(deciding: list[Outlook], ruled_until: date | None) -> Outlook:
    acts = merge_acts(act for one in deciding for act in one.acts)
    days = [one.turns_green_on for one in deciding]
    known = [green for green in (*days, ruled_until) if green is not None]
    if None in days or not known:
        return Outlook(None, None, None, acts)
    latest = max(known)
    longest = max(deciding, key=lambda one: one.turns_green_on or date.min, default=None)
    if longest is None or longest.turns_green_on != latest:
        return Outlook(None, None, latest, acts)
    return replace(longest, acts=acts)
