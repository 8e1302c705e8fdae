"""How many people a subject turns when nothing is wrong, from its own past and from the rest of the city.

Nothing here reads the database: a series is a number of people a day, the oldest first, and its last day is the run's.
"""

from collections.abc import Sequence
from itertools import accumulate
from statistics import median
from typing import NamedTuple

from codes.models import SubjectKind

# A week has no weekdays, and a source that comes two days late is in the same one; four weeks see what is spread thin.
WEEK, FOUR_WEEKS = 7, 28
# How far back the expectation looks, and how much of it there must be.
PAST, LONG_PAST, LEAST_PAST = 84, 182, 7
# Between the median and the limit; 1.4826 makes a median deviation a standard deviation. It is taken to be at least a share of
# the median: a wave of cases lifts everything for weeks.
DEVIATIONS, OF_MEDIAN_DEVIATION, LEAST_DEVIATION = 8.0, 1.4826, 0.08
# So many times what the largest listing of half a year brought: a listing explains much, but not everything.
TIMES_LARGEST = 3.0
# When the rest of the city turned more people than it does, a subject may, too.
MOST_GROWTH = 2.0
# Fewer people than this share of the registered, within these bounds, are never too many.
SHARE, FEWEST, MOST = 0.001, 20, 1000
# Before there is a past to compare with.
SHARE_WITHOUT_PAST = 0.005

LISTINGS = (SubjectKind.LISTED, SubjectKind.PUBLISHER)
# Each of these is there once, so what it turns is compared with the largest of its kind.
SINGLE = (SubjectKind.BATCH, SubjectKind.VERSION, SubjectKind.INSTANT)


class Excess(NamedTuple):
    """More people than the limit within so many days."""

    window: int
    people: int
    expected: float
    limit: float


def least_people(registered: int) -> int:
    return round(min(MOST, max(FEWEST, SHARE * registered)))


def excess(
    kind: str,
    own: Sequence[int],
    *,
    others: Sequence[int],
    largest: Sequence[int],
    registered: int,
    days_covered: float = 1,
) -> Excess | None:
    """Whether the subject turned too many: the widest excess over its limit, or none.

    ``others`` is what the other subjects of its kind turned each day, ``largest`` what the largest of its kind did. All three
    are as long as the city's past. A delivery covers ``days_covered`` days.
    """
    least = least_people(registered)
    found: list[Excess | None]
    if kind in LISTINGS:
        found = [_beyond_listings(own, largest, least=least, registered=registered)]
    elif kind in SINGLE:
        found = [_beyond_kind(own, largest, least=least, registered=registered, days_covered=days_covered)]
    else:
        found = [
            _beyond_own_past(own, others, window=window, least=least, registered=registered)
            for window in (WEEK, FOUR_WEEKS)
        ]
    over = [one for one in found if one is not None and one.people > one.limit]
    return max(over, key=lambda one: one.people / one.limit, default=None)


def _beyond_own_past(
    own: Sequence[int], others: Sequence[int], *, window: int, least: int, registered: int
) -> Excess | None:
    """Against the windows that had ended when this one began."""
    people = sum(own[-window:])
    past = _sums(own[-PAST:-window], window)
    if len(past) < LEAST_PAST:
        return _without_past(people, least=least, registered=registered) if window == WEEK else None
    elsewhere = median(_sums(others[-PAST:-window], window))
    growth = min(MOST_GROWTH, max(1.0, sum(others[-window:]) / elsewhere)) if elsewhere else 1.0
    return _beyond(window, people, past, least=least, times=growth)


def _beyond_kind(
    own: Sequence[int], largest: Sequence[int], *, least: int, registered: int, days_covered: float
) -> Excess:
    people = sum(own[-WEEK:])
    if len(largest) < WEEK + LEAST_PAST:
        return _without_past(people, least=least, registered=registered)
    past = [one for one in largest[-PAST:-WEEK] if one]
    return _beyond(WEEK, people, past or [0], least=least, times=days_covered)


def _beyond(window: int, people: int, past: Sequence[int], *, least: int, times: float) -> Excess:
    expected = median(past)
    deviation = OF_MEDIAN_DEVIATION * median(abs(one - expected) for one in past)
    above = DEVIATIONS * max(deviation, expected**0.5, LEAST_DEVIATION * expected)
    return Excess(window, people, times * expected, times * expected + max(least, times * above))


def _beyond_listings(own: Sequence[int], largest: Sequence[int], *, least: int, registered: int) -> Excess:
    people = sum(own[-WEEK:])
    past = _sums(largest[-LONG_PAST:-WEEK], WEEK)
    if len(past) < LEAST_PAST:
        return _without_past(people, least=least, registered=registered)
    return Excess(WEEK, people, median(past), max(float(least), TIMES_LARGEST * max(past)))


def _without_past(people: int, *, least: int, registered: int) -> Excess:
    return Excess(WEEK, people, 0.0, max(float(least), SHARE_WITHOUT_PAST * registered))


def _sums(series: Sequence[int], window: int) -> list[int]:
    up_to = [0, *accumulate(series)]
    return [after - before for before, after in zip(up_to, up_to[window:], strict=False)]
