"""Relations of subjects (``subjects.sql``): who is to be judged, by whose eyes, at which instant."""

from pathlib import Path

from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")

SUBJECT_COLUMNS = "sid, citizen_id, declared_with, own_source, version_id, horizon, known_at, day, assumed_from"

NAMED_BY_RUN = "SELECT citizen_id FROM codes_runcitizen WHERE run_id = %(run)s"
# Whom the run under way judges, where it does not judge everybody.
JUDGED_BY_RUN = "SELECT citizen_id FROM codes_duecitizen"

# The people of a range about whom anything is known.
DAILY = compose(SQL, "daily", citizens=compose(SQL, "known_in_range"))
# Of a range those whose verdict can have changed.
DUE_IN_RANGE = compose(SQL, "due_in_range")
DUE = compose(SQL, "daily", citizens=DUE_IN_RANGE)
# One person, as the daily run judges them: a plan that is kept cannot know how few a range holds.
DAILY_OF_ONE = compose(SQL, "daily", citizens="SELECT %(citizen)s::bigint AS citizen_id")
# The people an amending run names, as the daily run judges them, whether or not anything is known about them any more.
NAMED = compose(SQL, "daily", citizens=NAMED_BY_RUN)
EACH_SIDE = compose(SQL, "each_side")
REHEARSAL = compose(SQL, "rehearsal")

ALL_FACTS = "'-infinity'::date"
# Of somebody who is judged because of something new, what had no effect any more is not read again.
DUE_FACTS = compose(SQL, "due_facts")


def among(people: str, column: str) -> str:
    """The condition that a column holds one of the people whom a query names; none names everybody."""
    return f"{column} IN ({people})" if people else "true"
