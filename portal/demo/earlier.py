"""Stories of weeks ago that have ended: today's stories moved to an earlier day, with an end some days later.

Sources revoke their records, and people declare again; providers reached different colours then and agree today.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import wraps

from portal.demo.life import Life

# The time of a past day's run in the city: after the minute of every city's scheduled run.
RUN_AT = (6, 10)
# A story has ended at least this many days before today.
OVER_BY = 2
SHORTEST, LONGEST = 2, 8


def told_earlier(tell: Callable[[Life], None]) -> Callable[[Life], None]:
    """Return the story as it happened on some day of the past, with its end."""

    @wraps(tell)
    def story(life: Life) -> None:
        lasted = life.recently(SHORTEST, LONGEST)
        ago = life.recently(lasted + OVER_BY, max(life.stage.days, lasted + OVER_BY))
        then = Life(replace(life.stage, opened=life.stage.at(ago, *RUN_AT)), life.dice)
        tell(then)
        _end(then, lasted)
        life.records, life.answers = then.records, then.answers
        life.checked_in = {provider: {day + ago for day in days} for provider, days in then.checked_in.items()}

    return story


def _end(life: Life, days: int) -> None:
    """End the story after this number of days, in office hours."""
    at = life.stage.opened + timedelta(days=days, hours=4)
    life.records += [replace(record, recorded_at=at, revoked=True) for record in life.records]
    for provider, declared in list(life.answers.items()):
        if any(answers.rest for answers in declared):
            life.declare_at(provider, at)
