"""The number of people that a subject is expected to turn, from its own past and from the rest of the city.

This module does not read the database. A series is a list of numbers of people, one for each day, the oldest first; its last day
is the run's.
"""

from collections.abc import Sequence
from itertools import accumulate
from statistics import median
from typing import NamedTuple

from codes.models import SubjectKind

# Sums over a week do not depend on weekdays, nor on a source that is two days late. Sums over four weeks show a slow increase.
WEEK, FOUR_WEEKS = 7, 28
# The number of past days that are compared, the same number for listings, and the least number of values that a comparison requires.
PAST, LONG_PAST, LEAST_PAST = 84, 182, 7
# The number of deviations between the median and the limit; the factor from a median absolute deviation to a standard deviation;
# and the least deviation as a share of the median, since a wave of cases raises all numbers for weeks.
DEVIATIONS, OF_MEDIAN_DEVIATION, LEAST_DEVIATION = 8.0, 1.4826, 0.08
# The limit of a listing, as a multiple of the largest one in half a year: a listing explains many changes, but not any number.
TIMES_LARGEST = 3.0
# The largest factor by which the expectation is raised when the rest of the city turned more people than usual.
MOST_GROWTH = 2.0
# A number of people below this share of the people registered, within these bounds, never raises an alarm.
SHARE, FEWEST, MOST = 0.001, 20, 1000
# The share of the people registered that is the limit while there is no past to compare with.
SHARE_WITHOUT_PAST = 0.005

LISTINGS = (SubjectKind.LISTED, SubjectKind.PUBLISHER)
# Subjects of these kinds occur once, so they are compared with the largest of their kind.
SINGLE = (SubjectKind.BATCH, SubjectKind.VERSION, SubjectKind.INSTANT)


class Excess(NamedTuple):
    """The people turned within ``window`` days, with the number expected and the limit."""

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
    """Return the excess that is largest in proportion to its limit, or ``None`` if the subject did not turn too many people.

    ``others`` is the number of people turned each day by the other subjects of its kind, ``largest`` that of the largest of its
    kind. All three series are as long as the city's past. ``days_covered`` is the number of days that a delivery covers.
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
    """Compare the window with the earlier windows that had ended when it began."""
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
