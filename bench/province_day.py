"""A simulated day of a province, by seconds while runs are at work and by minutes while codes are shown.

The costs of an answer, a run, a record and beat are measured (``bench/province.py``); when people show their codes, and how large
cities are, is assumed here. Random numbers are drawn from one seed, so that a day can be repeated.
"""

import heapq
from bisect import bisect
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import ceil, exp
from random import Random

from codes.runs.ledger import FIRST_MINUTE, stagger
from portal.crowding import WAITING_PER_THREAD

MINUTES, SECONDS = 24 * 60, 24 * 60 * 60
# Shares of a day's openings by hour: two journeys to work and back, and a night.
BY_HOUR = (2, 1, 1, 1, 3, 12, 50, 110, 100, 60, 42, 45, 55, 50, 44, 44, 52, 82, 80, 60, 42, 34, 20, 10)
# Half of the people keep the page open until its pass is renewed; a city of 13 million people counted 8 million scans a day.
RENEWALS_PER_OPENING, SCANS_PER_PERSON = 0.5, 8 / 13
# The largest of 400 cities drawn this way has about a tenth of the people, as in real provinces.
SPREAD_OF_SIZES = 1.1
# Beat checks every five minutes for cities whose minute has passed.
BEAT_MINUTES = 5
THREADS = 4
# Visits per minute of one process that are simulated one by one.
FOLLOWED = 1_500


@dataclass(frozen=True)
class Answer:
    """Seconds that an answer takes of the web server's processor and of the database's, and their variation.

    ``shape`` contains measured durations as multiples of their mean, ascending.
    """

    web: float
    database: float
    shape: Sequence[float]


@dataclass(frozen=True)
class Measured:
    """Processor seconds of an answer, by kind; of a run, fixed and per person; of a collected record; and of beat's tasks.

    Those of beat are per city and second.
    """

    answers: Mapping[str, Answer]
    run: float
    run_per_person: float
    record: float
    beat: float

    def night_of(self, people: int, records: float) -> float:
        """Return the cost of a city's collection with this number of records per person, and its run."""
        return self.run + people * (self.run_per_person + records * self.record)


@dataclass(frozen=True)
class Province:
    """``openings`` of the code page per day, and ``records`` delivered per person and day by all sources together."""

    people: int
    cities: int
    openings: int
    records: float = 1.0

    def sizes(self, chance: Random) -> list[int]:
        """Return the number of people of each city, the largest first."""
        drawn = sorted((chance.lognormvariate(0, SPREAD_OF_SIZES) for _ in range(self.cities)), reverse=True)
        return [max(1, round(self.people * one / sum(drawn))) for one in drawn]


@dataclass(frozen=True)
class Machines:
    """``web`` processes of one core each, database nodes of ``cores`` cores, and worker processes."""

    web: int
    nodes: int
    cores: int
    workers: int


@dataclass
class Day:
    """The result. Minutes count from midnight; shares are of the available capacity."""

    machines: Machines
    run_minutes: list[float] = field(default_factory=list)
    last_run_ended: float = 0.0
    web_busiest: float = 0.0
    database_busiest: float = 0.0
    p99: dict[int, float] = field(default_factory=dict)
    answered: int = 0
    turned_away: float = 0.0

    @property
    def slowest_p99(self) -> float:
        return max(self.p99.values())


class Demand:
    """The answers of each kind requested in each minute; ``times`` as many people open their codes."""

    def __init__(self, province: Province, times: float = 1.0) -> None:
        self.by_minute: list[dict[str, float]] = []
        whole, not_yet = sum(BY_HOUR) * 60, float(province.people)
        for minute in range(MINUTES):
            openings = province.openings * times * BY_HOUR[minute // 60] / whole
            # A first opening since the run is by somebody who has not opened the page since.
            first = not_yet * (1 - exp(-openings / province.people))
            not_yet -= first
            self.by_minute.append(
                {
                    "first": first,
                    "again": openings - first,
                    "renewal": openings * RENEWALS_PER_OPENING,
                    "gate": province.people * SCANS_PER_PERSON * BY_HOUR[minute // 60] / whole,
                }
            )

    def processor(self, minute: int, answers: Mapping[str, Answer]) -> tuple[float, float]:
        """Return the cores that the web server and the database need in this minute."""
        wanted = self.by_minute[minute].items()
        web = sum(number * answers[kind].web for kind, number in wanted) / 60
        return web, sum(number * answers[kind].database for kind, number in wanted) / 60

    def busiest(self, answers: Mapping[str, Answer]) -> tuple[float, float]:
        """Return the most that each needs in a minute."""
        web, database = zip(*(self.processor(minute, answers) for minute in range(MINUTES)), strict=True)
        return max(web), max(database)


def machines_for(measured: Measured, province: Province, *, cores: int, busiest: float) -> Machines:
    """Return the number of machines that keeps each below this share in the busiest minute."""
    web, database = Demand(province).busiest(measured.answers)
    work = measured.run * (province.cities - 1) + measured.night_of(province.people, province.records)
    # The work of all runs within an hour, so that the two hours of staggered minutes cause no queue.
    workers = ceil(work / 3600 / busiest)
    return Machines(ceil(web / busiest), ceil(max(database / busiest, workers) / cores), cores, workers)


def live(measured: Measured, province: Province, machines: Machines, *, seed: int, times: float = 1.0) -> Day:
    """Simulate the day; ``times`` as many people as usual open their codes."""
    demand, day = Demand(province, times), Day(machines)
    _run_cities(measured, province, demand, day, Random(seed))
    _show_codes(measured, demand, day, Random(seed + 1))
    return day


@dataclass
class _Work:
    """The remaining work of a city's collection and run, on the node of the city."""

    city: int
    node: int
    due: int
    left: float


def _run_cities(measured: Measured, province: Province, demand: Demand, day: Day, chance: Random) -> None:
    """Simulate each city's collection and run, by the workers in turn, on the capacity that showing codes leaves of its node."""
    machines, waiting = day.machines, deque(_due_runs(measured, province, day.machines, chance))
    working: list[_Work] = []
    beat = measured.beat * province.cities / machines.nodes
    for second in range(waiting[0].due, SECONDS):
        while waiting and waiting[0].due <= second and len(working) < machines.workers:
            working.append(waiting.popleft())
        shown = _shown(measured, demand, machines, second // 60)
        on_node = [0] * machines.nodes
        for one in working:
            on_node[one.node] += 1
        # A run's statements use one core at most, and share the remaining capacity if there are more of them.
        free = max(0.05 * machines.cores, machines.cores - shown - beat)
        for one in working:
            one.left -= min(1.0, free / on_node[one.node])
        used = max((min(free, number) + shown + beat for number in on_node), default=0.0)
        day.database_busiest = max(day.database_busiest, used / machines.cores)
        for one in [one for one in working if one.left <= 0]:
            working.remove(one)
            day.run_minutes.append((second - one.due) / 60)
            day.last_run_ended = second / 60
        if not working and not waiting:
            break
    for minute in range(MINUTES):
        shown = _shown(measured, demand, machines, minute)
        day.database_busiest = max(day.database_busiest, (shown + beat) / machines.cores)


def _shown(measured: Measured, demand: Demand, machines: Machines, minute: int) -> float:
    """Return the cores of each node that showing codes needs. Requests that the web processes cannot serve never reach the database."""
    web, database = demand.processor(minute, measured.answers)
    return database * min(1.0, machines.web / web) / machines.nodes


def _due_runs(measured: Measured, province: Province, machines: Machines, chance: Random) -> list[_Work]:
    """Return the runs in the order in which beat starts them; the largest cities are distributed over the nodes first."""
    load = [(0, node) for node in range(machines.nodes)]
    work = []
    for city, people in enumerate(province.sizes(chance)):
        taken, node = heapq.heappop(load)
        heapq.heappush(load, (taken + people, node))
        minute = FIRST_MINUTE.hour * 60 + FIRST_MINUTE.minute + stagger(f"city_{city:03d}").seconds // 60
        due = ceil(minute / BEAT_MINUTES) * BEAT_MINUTES * 60
        work.append(_Work(city, node, due, left=measured.night_of(people, province.records)))
    return sorted(work, key=lambda one: (one.due, one.city))


def _show_codes(measured: Measured, demand: Demand, day: Day, chance: Random) -> None:
    """Simulate some visits of one process in each minute, one after the other; all processes are alike."""
    refused = asked = 0.0
    for minute in range(MINUTES):
        wanted = demand.by_minute[minute]
        number = sum(wanted.values())
        web, _ = demand.processor(minute, measured.answers)
        day.web_busiest = max(day.web_busiest, web / day.machines.web)
        times, away = _follow(measured, wanted, number / 60 / day.machines.web, chance)
        asked += number
        refused += number * away / FOLLOWED
        day.p99[minute] = sorted(times)[len(times) * 99 // 100]
    day.answered = round(asked - refused)
    day.turned_away = refused / asked


def _follow(measured: Measured, wanted: Mapping[str, float], rate: float, chance: Random) -> tuple[list[float], int]:
    """Simulate visits at random moments. Return the seconds of each that was accepted, and the number of refused ones.

    The interpreter answers one request at a time; while the database works for one, another uses the processor. At most as many
    wait as the web server allows.
    """
    kinds, shares = list(wanted), list(accumulate(wanted.values()))
    now = free_at = 0.0
    ends: deque[float] = deque()
    times, refused = [], 0
    for _ in range(FOLLOWED):
        now += chance.expovariate(rate)
        while ends and ends[0] <= now:
            ends.popleft()
        if len(ends) >= THREADS * (1 + WAITING_PER_THREAD):
            refused += 1
            continue
        answer = measured.answers[kinds[min(len(kinds) - 1, bisect(shares, chance.random() * shares[-1]))]]
        drawn = answer.shape[chance.randrange(len(answer.shape))]
        free_at = max(now, free_at) + answer.web * drawn
        ends.append(free_at)
        times.append(free_at + answer.database * drawn - now)
    return times, refused


def breaks_at(measured: Measured, province: Province, machines: Machines) -> dict[str, float]:
    """Return how many times its load each part could carry before its busiest minute is full."""
    web, database = Demand(province).busiest(measured.answers)
    largest = max(province.sizes(Random(1)))
    return {
        "web": machines.web / web,
        "database": machines.nodes * machines.cores / database,
        "beat": 1 / (measured.beat * province.cities),
        "largest": 3600 / measured.night_of(largest, province.records),
    }
