"""How long the codes settled by a run are valid (``docs/semantics.md`` §4). This is computed when a code is read, not by a job."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self

from codes.vocabulary import Because, Colour, State
from regions.tenancy import current_city

# A city may shorten this, never lengthen it. There is no setting for it yet; this is the only place.
DAYS_AFTER = 1


def last_valid_day(run_day: date) -> date:
    """Return the last day on which the codes settled by a run of this day are valid, until its end."""
    return run_day + timedelta(days=DAYS_AFTER)


@dataclass(frozen=True)
class Age:
    """The age of a settled code.

    ``expired_at`` is the instant since which it is no longer valid; ``None`` while it is valid, and before a first run.
    """

    run_day: date | None = None
    expired_at: datetime | None = None

    @classmethod
    def of(cls, run_day: date | None, *, now: datetime) -> Self:
        """Return the age at ``now`` of the codes settled by a run of ``run_day``, which is ``None`` before a first run."""
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
        """Return a settled code as it is now: when it has expired, green and yellow are unknown, and red stays red."""
        if self.state(State(colour)).value == colour:
            return colour, because
        return State.UNKNOWN.value, Because.EXPIRED.value

    def state(self, settled: State) -> State:
        """Return a provider's settled state as it is now, by the same rule as ``seen``."""
        if self.is_valid or settled.colour in (None, Colour.RED):
            return settled
        return State.UNKNOWN
