"""Count the people whom a run turns by what they have in common, and read the past counts to compare them with."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Max, Min

from codes.engine.query import until
from codes.models import EffectiveChange, Run, SubjectKind
from codes.sentinel.expectation import LISTINGS, LONG_PAST, PAST, SINGLE, Excess, excess, least_people
from codes.vocabulary import Colour
from regions.actors import CITIZEN_PREFIX, SYSTEM
from regions.sources.models import Batch
from regions.sql import compose
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")
TURNED = compose(SQL, "turned", until=until("hit", day="(SELECT day FROM codes_run WHERE id = %(last)s)"))
COUNT, SHARED = compose(SQL, "count"), compose(SQL, "shared")
HISTORY, KINDS = compose(SQL, "history"), compose(SQL, "kinds")
COLOURS = (Colour.RED, Colour.YELLOW, Colour.GREEN)
# Key in a run's counts of: alarms raised and standing, and the last effective change up to which decisions were counted.
SENTINEL = "sentinel"


class Subject(NamedTuple):
    kind: str
    key: str
    colour: str


class Found(NamedTuple):
    """A subject that turned too many people, the number on each day of its past, and the subject that it is a part of."""

    subject: Subject
    excess: Excess
    daily: list[int]
    registered: int
    within: Subject | None


def _newest_effective_change() -> int:
    return EffectiveChange.objects.aggregate(newest=Max("pk"))["newest"] or 0


@dataclass(frozen=True)
class Measurement:
    """The counts of one run's changes. ``last`` is the run of the whole city that it follows or amends."""

    run: Run
    last: Run
    up_to: int = field(default_factory=_newest_effective_change)

    def count(self) -> bool:
        """Store the counts. Return whether there are any."""
        return bool(_fetch(f"WITH {TURNED}\n{COUNT}", self._parameters()))

    def found(self) -> Iterator[Found]:
        """Yield the subjects of this run that turned too many people, a subject before its parts. Call after ``count``."""
        registered, days = self.last.most_registered(), _days_known(self.run.day)
        asked = {
            "run": self.run.pk,
            "day": self.run.day,
            "least": least_people(registered),
            "listings": list(LISTINGS),
            "past": PAST,
            "long_past": LONG_PAST,
        }
        rows = _fetch(HISTORY, asked)
        kinds = self._kinds({kind for kind, *_ in rows}, asked, days)
        batches = Batch.objects.select_related("source").in_bulk(
            [int(row[1]) for row in rows if row[0] == SubjectKind.BATCH]
        )
        for kind, key, colour, ago, people in sorted(rows, key=lambda row: (row[0] in SINGLE, *row[:3])):
            subject, daily = Subject(kind, key, colour), _series(zip(ago, people, strict=True), days)
            totals, largest = kinds[kind, colour]
            over = excess(
                kind,
                daily,
                others=[all_ - own for all_, own in zip(totals, daily, strict=True)],
                largest=largest,
                registered=registered,
                days_covered=_days_covered(batches[int(key)]) if kind == SubjectKind.BATCH else 1.0,
            )
            if over:
                yield Found(subject, over, daily, registered, _within(subject, batches))

    def shared(self, subject: Subject) -> list[list[Any]]:
        """Return what else the people whom this run turned by the subject have in common: [kind, key, people], the most first."""
        rows = _fetch(f"WITH {TURNED}\n{SHARED}", {**self._parameters(), **subject._asdict()})
        return [list(row) for row in rows]

    def _kinds(
        self, kinds: set[str], asked: Mapping[str, Any], days: int
    ) -> dict[tuple[str, str], tuple[list[int], ...]]:
        """Return (kind, colour) → the series of all subjects of the kind together, and that of the largest on each day."""
        by_kind: dict[str, list[Any]] = defaultdict(list)
        for kind, *row in _fetch(KINDS, {**asked, "kinds": sorted(kinds)}) if kinds else []:
            by_kind[kind].append(row)
        return {
            (kind, colour): (
                _series(((row[0], row[place]) for row in rows), days),
                _series(((row[0], row[place + len(COLOURS)]) for row in rows), days),
            )
            for kind, rows in by_kind.items()
            for place, colour in enumerate(COLOURS, start=1)
        }

    def _parameters(self) -> dict[str, Any]:
        by = self.run.started_by
        is_decision = self.run.amends_id is not None and by != SYSTEM and not by.startswith(CITIZEN_PREFIX)
        before = Run.objects.filter(state__in=Run.COUNTED, pk__lt=self.run.pk).order_by("-pk").first()
        return {
            "run": self.run.pk,
            "day": self.run.day,
            "last": self.last.pk,
            "last_as_of": self.last.as_of,
            "since": self.last.started_at,
            "started_by": by if is_decision else "",
            "up_to": ((before and before.counts.get(SENTINEL)) or {}).get("up_to", self.up_to),
            "zone": current_city().timezone,
        }


def _days_known(day: date) -> int:
    """Return the number of days since the first run that was compared, both included, as far as they are used."""
    first = Run.objects.settled().filter(counts__has_key=SENTINEL).aggregate(first=Min("day"))["first"] or day
    return min(LONG_PAST, (day - first).days + 1)


def _series(counted: Iterable[tuple[int, int]], days: int) -> list[int]:
    """Return the series of pairs (days ago, people); the numbers of several runs of one day are added."""
    found = [0] * days
    for ago, people in counted:
        if ago < days:
            found[days - 1 - ago] += int(people)
    return found


def _days_covered(batch: Batch) -> float:
    """Return how many days a delivery covers, without the overlap requested again. A late delivery covers more days."""
    if batch.since is None or batch.as_of is None:
        return 1.0
    return min(7.0, max(1.0, (batch.as_of - batch.since) / timedelta(days=1) - batch.source.overlap_hours / 24))


def _within(subject: Subject, batches: Mapping[int, Batch]) -> Subject | None:
    """Return the source or provider of a delivery or a minute: a single alarm about that one is enough."""
    if subject.kind == SubjectKind.BATCH:
        return Subject(SubjectKind.SOURCE, str(batches[int(subject.key)].source_id), subject.colour)
    if subject.kind == SubjectKind.INSTANT:
        kind, _dash, key = subject.key.partition(" ")[0].partition("-")
        return Subject(kind, key, subject.colour)
    return None


def _fetch(statement: str, parameters: Mapping[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
