"""Relations of subjects: who is to be judged, by whose eyes, at which instant (``verdict.sql`` reads them)."""

from pathlib import Path

from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")
NAMED_BY_RUN = "SELECT citizen_id FROM codes_runcitizen WHERE run_id = %(run)s"

# The people of a range about whom anything is known.
DAILY = compose(SQL, "daily", citizens=compose(SQL, "known_in_range"))
# The people a mending run names, as the daily run judges them, whether or not anything is known about them any more.
NAMED = compose(SQL, "daily", citizens=NAMED_BY_RUN)
REHEARSAL = compose(SQL, "rehearsal")

DAILY_VERDICTS = compose(SQL, "daily_verdicts")
DAILY_VERDICTS_ACROSS_EDITIONS = compose(SQL, "daily_verdicts_across_editions")


def among(run_amends: int | None, column: str) -> str:
    """The condition that a column holds one of the run's people; of a run of the whole city, everybody."""
    return "true" if run_amends is None else f"{column} IN ({NAMED_BY_RUN})"
