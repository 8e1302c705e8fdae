"""How long what a run settled is valid (``docs/semantics.md`` §4): worked out when it is asked, by no job."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self

from codes.vocabulary import Because, Colour, State
from regions.tenancy import current_city

# A city may shorten it, never lengthen it. There is no setting for it yet, so this is the one place.
DAYS_AFTER = 1


def last_valid_day(run_day: date) -> date:
    """The last day on which what a run of this day settled is valid, to its end."""
    return run_day + timedelta(days=DAYS_AFTER)


@dataclass(frozen=True)
class Age:
    """How old what is shown is. ``expired_at``: since when it is valid no more; none while it is, and before a first run."""

    run_day: date | None = None
    expired_at: datetime | None = None

    @classmethod
    def of(cls, run_day: date | None, *, now: datetime) -> Self:
        """What the last settled run, of this day, settled; none before a first run."""
        if run_day is None:
            return cls()
        city = current_city()
        last = last_valid_day(run_day)
        over = datetime.combine(last + timedelta(days=1), time.min, city.zone)
        return cls(run_day, over if now >= over else None)

    @property
    def is_valid(self) -> bool:
        return self.expired_at is None

    def seen(self, colour: str, because: str) -> tuple[str, str]:
        """A settled code as it is seen now: green and yellow are unknown once it has expired, red stays red."""
        if self.state(State(colour)).value == colour:
            return colour, because
        return State.UNKNOWN.value, Because.EXPIRED.value

    def state(self, settled: State) -> State:
        """A provider's state likewise."""
        if self.is_valid or settled.colour in (None, Colour.RED):
            return settled
        return State.UNKNOWN
