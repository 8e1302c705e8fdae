"""The engine: one SQL statement over a relation of subjects (``verdict.sql``), used wherever a colour is computed.

The daily run, the diagnosis' hybrids, the forecast, a rehearsal and a replay differ in their subjects only, so a colour,
its explanation and its forecast can never drift apart.
"""

import json
from pathlib import Path

from regions.divisions import covering, dissolved
from regions.sql import compose

SQL = Path(__file__).with_name("verdict.sql")

# What else a stay in a dissolved division matches: its successors, and what these lie in.
COVERING_SUCCESSORS = {
    code: sorted({area for successor in successors for area in covering(successor)})
    for code, successors in dissolved().items()
}
STEPS = compose(SQL, "steps", covering_successors=json.dumps(COVERING_SUCCESSORS))

NAMED_BY_RUN = "SELECT citizen_id FROM codes_runcitizen WHERE run_id = %(run)s"

# The people of a range about whom anything is known.
DAILY = compose(SQL, "daily", citizens=compose(SQL, "known_in_range"))
# Of a range those whose verdict can have changed.
DUE_IN_RANGE = compose(SQL, "due_in_range")
DUE = compose(SQL, "daily", citizens=DUE_IN_RANGE)
# The people an amending run names, as the daily run judges them, whether or not anything is known about them any more.
NAMED = compose(SQL, "daily", citizens=NAMED_BY_RUN)
EACH_SIDE = compose(SQL, "each_side")
REHEARSAL = compose(SQL, "rehearsal")

DAILY_VERDICTS = compose(SQL, "daily_verdicts")
DAILY_VERDICTS_ACROSS_VERSIONS = compose(SQL, "daily_verdicts_across_versions")
COMING = compose(SQL, "coming")

# By another one everybody is judged anew, whatever has changed besides.
ENGINE = f"{STEPS}{DAILY}{DAILY_VERDICTS}{DAILY_VERDICTS_ACROSS_VERSIONS}{COMING}"

SUBJECT_COLUMNS = "sid, citizen_id, declared_with, source_id, version_id, horizon, known_at, day, assumed_from"


def verdicts_of(subjects: str, *, given: str = "") -> str:
    """The statement's ``WITH`` part up to and with the step ``verdict``; the caller appends its own steps or a SELECT.

    ``subjects`` is a SELECT of ``SUBJECT_COLUMNS``; a column ``assumed_from`` that is not null makes the days from there on
    count as healthy; ``given`` are steps that it reads from. The statement takes the parameter ``zone``, the city's time zone.
    """
    before = f"{given},\n" if given else ""
    return f"WITH RECURSIVE {before}subject ({SUBJECT_COLUMNS}) AS MATERIALIZED ({subjects}),\n{STEPS}"


def among(run_amends: int | None, column: str) -> str:
    """The condition that a column holds one of the run's people; of a run of the whole city, everybody."""
    return "true" if run_amends is None else f"{column} IN ({NAMED_BY_RUN})"
