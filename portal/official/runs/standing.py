"""What the city shows, and what became of the run that was to renew it: a run that fails leaves everything as it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from codes.models import Run
from codes.runs.ledger import next_attempt, open_run
from codes.validity import Age, last_valid_day
from regions.staff.roles import Role

# Whom the pages offer to start a run.
STARTERS = frozenset({Role.SOURCE_MANAGER, Role.SYSTEM_ADMIN})
ENDED = (*Run.SETTLED, Run.State.FAILED)


@dataclass(frozen=True)
class Failure:
    """The newest run of the whole city has failed. ``trying``: a run that has begun since; without one the next begins ``again_at``."""

    run: Run
    trying: Run | None
    again_at: datetime


@dataclass(frozen=True)
class Standing:
    """``run``: the one on which what is shown rests, none before a first. ``failure``: of the attempt to renew it."""

    run: Run | None
    looked_at: datetime
    failure: Failure | None = None

    @property
    def age(self) -> Age:
        return Age.of(self.run.day if self.run else None, now=self.looked_at)

    @property
    def known_for(self) -> timedelta | None:
        """How long ago that was known by which the run judged."""
        return self.looked_at - self.run.as_of if self.run else None

    @property
    def valid_to(self) -> date | None:
        """The last day of what is shown."""
        return last_valid_day(self.run.day) if self.run else None


def what_stands(*, now: datetime, newest_runs: Sequence[Run] = ()) -> Standing:
    """By one query, unless the newest run has failed; by none where the answer is among the newest runs, read already."""
    newest = next((run for run in newest_runs if run.state in ENDED and not run.history), None)
    if newest is None:
        newest = Run.objects.filter(state__in=ENDED, history=False).order_by("-pk").first()
    if newest is None or newest.state != Run.State.FAILED:
        return Standing(newest, now)
    failure = Failure(newest, trying=open_run(), again_at=next_attempt(now=now))
    return Standing(Run.objects.last_settled(), now, failure)


def standing_for(roles: frozenset[Role], *, now: datetime, newest: Sequence[Run] = ()) -> dict[str, Any]:
    """What ``official/runs/failure.html`` says where the newest run has failed."""
    return {"standing": what_stands(now=now, newest_runs=newest), "may_start": bool(roles & STARTERS)}
