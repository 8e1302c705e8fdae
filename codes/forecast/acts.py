"""What can stand between a citizen and a green code."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class CheckIn:
    """Check in healthy with the provider every day, ``last_day`` included; none = until the other acts are done."""

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
    """A record of one of these kinds must come; nothing the citizen does brings it about by itself."""

    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Review:
    """Nothing in the rules ends it: only a manual review does."""


@dataclass(frozen=True)
class Wait:
    """Nothing but time."""

    until: date


Act = CheckIn | MoreTests | Clearance | Review | Wait


def counted(tests: Iterable[date], *, gap_days: int) -> list[date]:
    """The tests that count, greedily from the first (``docs/semantics.md`` §3), to say how many are still missing."""
    taken: list[date] = []
    for day in sorted(tests):
        if not taken or day >= taken[-1] + timedelta(days=gap_days):
            taken.append(day)
    return taken


def merged(acts: Iterable[Act]) -> list[Act]:
    """Each act once, the tests of all rules as one series that serves every rule; waiting only where there is nothing else."""
    told = list(dict.fromkeys(acts))
    waits = [act for act in told if isinstance(act, Wait)]
    each: list[Act] = [act for act in told if not isinstance(act, Wait)]
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
