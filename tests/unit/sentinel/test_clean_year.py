"""A year in which nothing is wrong raises at most one alarm a month, by the function that the runs ask.

Drawn are sources with a weekday rhythm that are now and then some days late, decisions of officials, places and days of
registration, three waves of local cases, and an outbreak elsewhere each month whose area is listed.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from math import exp
from random import Random

import pytest

from codes.models import SubjectKind
from codes.sentinel.expectation import FOUR_WEEKS, Excess, excess, least_people

DAYS, BEFORE = 365, 84
WEEKDAYS = (1.2, 1.1, 1.0, 1.0, 1.1, 0.8, 0.6)


def poisson(dice: Random, mean: float) -> int:
    """Knuth's; by the normal distribution where that is slow."""
    if mean > 40:
        return max(0, round(dice.gauss(mean, mean**0.5)))
    limit, product, number = exp(-mean), dice.random(), 0
    while product > limit:
        product, number = product * dice.random(), number + 1
    return number


class Year:
    """Daily counts of every subject, and of each delivery the days it covers."""

    def __init__(self, seed: int, registered: int) -> None:
        self.dice, self.registered = Random(seed), registered
        self.series: dict[tuple[str, str], list[int]] = {}
        self.covered: dict[str, float] = {}
        a_day = registered / 2500
        wave = self._waves()
        for source in ("police", "bigdata"):
            self._source(source, [a_day * one * self.dice.uniform(0.75, 1.25) for one in wave])
        self._many(SubjectKind.PROVIDER, 3, a_day / 4, spread=0.5)
        self._many(SubjectKind.OFFICIAL, 12, 2.0, spread=1.0)
        self._many(SubjectKind.AREA, 60, a_day / 30, spread=1.0, wave=wave)
        self._many(SubjectKind.PLACE, 60, a_day / 20, spread=1.0, wave=wave)
        self._many(SubjectKind.REGISTRATION, 100, a_day / 60, spread=0.5, wave=wave)
        self._outbreaks()

    def _waves(self) -> list[float]:
        """Cases in the city itself: three times a year contacts become up to two and a half times as many over some weeks."""
        tops = [(self.dice.randrange(BEFORE, BEFORE + DAYS), self.dice.uniform(0.5, 1.5)) for _ in range(3)]
        return [
            1 + sum(height * exp(-(((day - top) / 20) ** 2)) for top, height in tops) for day in range(BEFORE + DAYS)
        ]

    def _source(self, source: str, means: Sequence[float]) -> None:
        """A delivery a day; one in forty days the source falls silent for up to four, and what it has comes at once."""
        counts, waits, late = [], 0, 0
        for day, mean in enumerate(means):
            waits += poisson(self.dice, mean * WEEKDAYS[day % 7])
            if late == 0 and self.dice.random() < 1 / 40:
                late = self.dice.randint(1, 4)
            if late > 0:
                late -= 1
                counts.append(0)
                continue
            silent = next((ago for ago in range(len(counts)) if counts[-1 - ago]), 0)
            self.covered[f"{source}-{day}"] = 1.0 + silent
            self.series[SubjectKind.BATCH, f"{source}-{day}"] = [0] * day + [waits] + [0] * (BEFORE + DAYS - day - 1)
            counts.append(waits)
            waits = 0
        self.series[SubjectKind.SOURCE, source] = counts

    def _many(self, kind: str, number: int, mean: float, *, spread: float, wave: Sequence[float] = ()) -> None:
        """Some subjects turn many more than others; households and classes turn together."""
        for subject in range(number):
            own = mean * self.dice.lognormvariate(0, spread)
            self.series[kind, str(subject)] = [
                sum(
                    self.dice.choice((1, 1, 2, 3))
                    for _ in range(poisson(self.dice, own * WEEKDAYS[day % 7] * more / 1.75))
                )
                for day, more in enumerate(wave or [1.0] * (BEFORE + DAYS))
            ]

    def _outbreaks(self) -> None:
        listed = [[0] * (BEFORE + DAYS) for _ in range(2)]
        for month in range(0, BEFORE + DAYS, 30):
            area = [0] * (BEFORE + DAYS)
            people = min(0.015, self.dice.lognormvariate(-6.0, 0.7)) * self.registered
            start = month + self.dice.randrange(25)
            for after, share in enumerate((0.6, 0.2, 0.1, 0.05, 0.05)):
                if start + after < len(area):
                    area[start + after] = poisson(self.dice, people * share)
            self.series[SubjectKind.LISTED, str(month)] = area
            by = self.dice.randrange(2)
            listed[by] = [one + more for one, more in zip(listed[by], area, strict=True)]
        for number, counts in enumerate(listed):
            self.series[SubjectKind.PUBLISHER, str(number)] = counts

    def alarms(self) -> list[tuple[int, str, str, Excess]]:
        """What is raised day by day: once, and again only when it had been quiet for as long as it was looked at."""
        kinds: dict[str, list[list[int]]] = {}
        for (kind, _), counts in self.series.items():
            kinds.setdefault(kind, []).append(counts)
        totals = {kind: [sum(day) for day in zip(*all_, strict=True)] for kind, all_ in kinds.items()}
        largest = {kind: [max(day) for day in zip(*all_, strict=True)] for kind, all_ in kinds.items()}
        found, quiet_from = [], Counter[tuple[str, str]]()
        for subject, counts in self.series.items():
            others = [all_ - one for all_, one in zip(totals[subject[0]], counts, strict=True)]
            for day in range(BEFORE, BEFORE + DAYS):
                if not counts[day] or sum(counts[day + 1 - FOUR_WEEKS : day + 1]) < least_people(self.registered):
                    continue
                over = excess(
                    subject[0],
                    counts[: day + 1],
                    others=others[: day + 1],
                    largest=largest[subject[0]][: day + 1],
                    registered=self.registered,
                    days_covered=self.covered.get(subject[1], 1.0),
                )
                if over and day >= quiet_from[subject]:
                    found.append((day - BEFORE, *subject, over))
                if over:
                    quiet_from[subject] = day + over.window + 1
        return found


@pytest.mark.parametrize(("registered", "seed"), [(20_000, 3), (200_000, 3)])
def test_a_clean_year_has_at_most_one_false_alarm_a_month(
    registered: int, seed: int, record_property: Callable[[str, object], None]
) -> None:
    found = Year(seed, registered).alarms()
    record_property(f"false alarms in a clean year of {registered:,} people", len(found))
    assert len(found) <= 12, found


@pytest.mark.parametrize("days", [1, 7, 20])
@pytest.mark.parametrize("registered", [20_000, 2_000_000, 10_000_000])
def test_1317_people_at_one_place_are_found(registered: int, days: int) -> None:
    """In cities of any size, at once or spread over three weeks, though the whole city has a bad month."""
    dice = Random(7)
    usual = [poisson(dice, 3) for _ in range(BEFORE)]
    own = [usual[day] + (1317 // days if BEFORE - day <= days else 0) for day in range(BEFORE)]
    others = [poisson(dice, 200) * (2 if day > BEFORE - 20 else 1) for day in range(BEFORE)]

    found = excess(SubjectKind.PLACE, own, others=others, largest=own, registered=registered)
    assert found is not None
    assert found.people >= 1317 // days * days
    assert excess(SubjectKind.PLACE, usual, others=others, largest=usual, registered=registered) is None


@pytest.mark.parametrize(
    ("kind", "people"), [(SubjectKind.SOURCE, 101), (SubjectKind.BATCH, 101), (SubjectKind.LISTED, 101)]
)
def test_before_there_is_a_past_a_share_of_the_city_is_too_many(kind: str, people: int) -> None:
    def judged(number: int) -> Excess | None:
        return excess(kind, [0, number], others=[0, 0], largest=[0, number], registered=20_000)

    found = judged(people)
    assert found is not None
    assert found.limit == people - 1
    assert judged(people - 1) is None
