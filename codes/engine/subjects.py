"""Relations of subjects (``subjects.sql``): which citizen is judged, for which provider, and at which instant."""

from pathlib import Path

from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")

SUBJECT_COLUMNS = "sid, citizen_id, declared_with, own_source, version_id, horizon, known_at, day, assumed_from"

NAMED_BY_RUN = "SELECT citizen_id FROM codes_runcitizen WHERE run_id = %(run)s"
# The people judged by the run under way, if it does not judge everybody.
JUDGED_BY_RUN = "SELECT citizen_id FROM codes_duecitizen"

# The people of a range about whom the city knows a fact.
DAILY = compose(SQL, "daily", citizens=compose(SQL, "known_in_range"))
# The people of a range whose verdict may have changed.
DUE_IN_RANGE = compose(SQL, "due_in_range")
DUE = compose(SQL, "daily", citizens=DUE_IN_RANGE)
# One person, as the daily run judges them: the plan of a prepared statement cannot know how few people a range holds.
DAILY_OF_ONE = compose(SQL, "daily", citizens="SELECT %(citizen)s::bigint AS citizen_id")
# The people named by an amending run, as the daily run judges them, even if no fact is known about them any more.
NAMED = compose(SQL, "daily", citizens=NAMED_BY_RUN)
EACH_SIDE = compose(SQL, "each_side")
REHEARSAL = compose(SQL, "rehearsal")

ALL_FACTS = "'-infinity'::date"
# For people who are judged because of new data: facts that had no effect any more are not read again.
DUE_FACTS = compose(SQL, "due_facts")


def unjudged(run: str, *, amending: str = "true") -> str:
    """Return the condition that no run has judged the registration ``r``, although the run, an SQL expression, knew of it.

    ``amending`` is a condition on the runs, ``later``, that amend the run.
    """
    return compose(SQL, "unjudged", run=run, amending=amending)


def among(people: str, column: str) -> str:
    """Return the condition that a column is one of the citizens selected by the query ``people``; if it is empty, "true"."""
    return f"{column} IN ({people})" if people else "true"
