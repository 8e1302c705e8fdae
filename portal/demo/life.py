"""The events of one person: records in sources, answers to providers, daily check-ins. The stories fill it in."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from portal.demo.stage import Stage
from regions.vocabulary import FactKind

# Long enough for every shipped rule: 14 healthy days in a row since an event of some weeks ago.
CHECK_IN_DAYS = 20
# A record older than this is in all sources, also in the later one.
SETTLED = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Record:
    """One version of a record in one source. `number` counts a person's records, equal for versions of the same."""

    source: str
    number: int
    kind: FactKind
    area: str | None
    started_on: date
    ended_on: date | None
    recorded_at: datetime
    revoked: bool = False
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Answers:
    """A declaration to one provider; `rest` holds the answers that are not no, by their keys in the line."""

    submitted_at: datetime
    rest: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Life:
    """A person's events until now. `checked_in` has the days ago, today being 0, and `unhealthy` those on which they felt ill.

    ``displayed`` has the value that a provider displays wrongly.
    """

    stage: Stage
    dice: Random
    records: list[Record] = field(default_factory=list)
    answers: dict[str, list[Answers]] = field(default_factory=dict)
    checked_in: dict[str, set[int]] = field(default_factory=dict)
    unhealthy: dict[str, set[int]] = field(default_factory=dict)
    displayed: dict[str, str] = field(default_factory=dict)
    events: int = 0

    def tell(
        self,
        kind: FactKind,
        ago: int,
        *,
        only: str | None = None,
        until: int | None = None,
        area: str | None = None,
        recorded_at: datetime | None = None,
        **detail: Any,
    ) -> None:
        """Add an event that began so many days ago to all sources, or to one; by default it is recorded some hours later."""
        self.events += 1
        started_on = self.stage.day(ago)
        for source in [only] if only else self.stage.sources:
            self.records.append(
                Record(
                    source=source,
                    number=self.events,
                    kind=kind,
                    area=area,
                    started_on=started_on,
                    ended_on=None if until is None else self.stage.day(until),
                    recorded_at=recorded_at or self._entered(started_on),
                    detail=detail,
                )
            )

    def withdraw(self, *, hours_ago: int) -> None:
        """Revoke the last record in its sources."""
        at = self.stage.opened - timedelta(hours=hours_ago)
        last = [record for record in self.records if record.number == self.events]
        self.records += [replace(record, recorded_at=at, revoked=True) for record in last]

    def declare(self, provider: str, ago: int, **rest: Any) -> None:
        """Answer a provider's questions so many days ago; answers not given in ``rest`` are no."""
        self.declare_at(provider, self._at(self.stage.day(ago), 6, 14), **rest)

    def declare_at(self, provider: str, at: datetime, **rest: Any) -> None:
        self.answers.setdefault(provider, []).append(Answers(at, rest))

    def declare_everywhere(self, ago: int, **rest: Any) -> None:
        for provider in self.stage.providers:
            self.declare(provider.code, ago, **rest)

    def check_in_everywhere(self) -> None:
        """Check in every day for weeks, with every provider."""
        for provider in self.stage.providers:
            self.checked_in[provider.code] = set(range(CHECK_IN_DAYS + 1))

    def forget_check_ins(self, provider: str) -> None:
        """Omit one day in five with a provider, so that there are no five healthy days in a row."""
        self.checked_in[provider] -= set(range(2, CHECK_IN_DAYS + 1, 5))

    def recently(self, nearest: int, farthest: int) -> int:
        """Return a random number of days ago."""
        return self.dice.randint(nearest, farthest)

    def _entered(self, started_on: date) -> datetime:
        """Return some hours into the day after an event, but early enough for every source's last delivery."""
        return min(self._at(started_on + timedelta(days=1), 0, 10), self.stage.opened - SETTLED - self._minutes(600))

    def _at(self, day: date, first_hour: int, hours: int) -> datetime:
        moment = datetime.combine(day, time(first_hour), self.stage.zone) + self._minutes(hours * 60)
        return min(moment, self.stage.opened - timedelta(minutes=20))

    def _minutes(self, most: int) -> timedelta:
        return timedelta(minutes=self.dice.randrange(most), seconds=self.dice.randrange(60))
