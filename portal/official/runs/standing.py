"""The run on which the shown codes rest, and the failure of a later run. A run that fails changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from codes.models import Run
from codes.runs.ledger import next_attempt
from codes.validity import Age, last_valid_day
from regions.staff.roles import Role

# Roles to which the pages offer to start a run.
STARTERS = frozenset({Role.SOURCE_MANAGER, Role.SYSTEM_ADMIN})
ENDED = (*Run.SETTLED, Run.State.FAILED)


@dataclass(frozen=True)
class Failure:
    """The failure of the newest run of the whole city.

    ``trying`` is a run begun since; without one, the next begins ``again_at``.
    """

    run: Run
    trying: Run | None
    again_at: datetime


@dataclass(frozen=True)
class Standing:
    """The state of the shown codes. ``run`` is the run they rest on, or ``None`` before the first.

    ``failure`` is set if a later run failed.
    """

    run: Run | None
    looked_at: datetime
    failure: Failure | None = None

    @property
    def age(self) -> Age:
        return Age.of(self.run.day if self.run else None, now=self.looked_at)

    @property
    def known_for(self) -> timedelta | None:
        """The time since ``as_of``, up to which the run took facts into account."""
        return self.looked_at - self.run.as_of if self.run else None

    @property
    def valid_to(self) -> date | None:
        """The last day on which the shown codes are valid."""
        return last_valid_day(self.run.day) if self.run else None


def what_stands(*, now: datetime, newest_runs: Sequence[Run] = ()) -> Standing:
    """Return the standing at ``now``.

    It takes one query, more if the newest run failed, and none if ``newest_runs`` contains the answer.
    """
    newest = next((run for run in newest_runs if run.state in ENDED and not run.history), None)
    if newest is None:
        newest = Run.objects.filter(state__in=ENDED, history=False).order_by("-pk").first()
    if newest is None or newest.state != Run.State.FAILED:
        return Standing(newest, now)
    failure = Failure(newest, trying=Run.objects.open().first(), again_at=next_attempt(now=now))
    return Standing(Run.objects.last_settled(), now, failure)


def standing_for(roles: frozenset[Role], *, now: datetime, newest: Sequence[Run] = ()) -> dict[str, Any]:
    """Return the context of ``official/runs/failure.html``, which shows something only if the newest run has failed."""
    return {"standing": what_stands(now=now, newest_runs=newest), "may_start": bool(roles & STARTERS)}
