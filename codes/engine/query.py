"""The engine: one SQL statement over a relation of subjects (``verdict.sql``), used by everything that asks for a colour.

The daily run, the diagnosis' hybrids, the forecast, a rehearsal and a replay differ in their subjects only, so a colour,
its explanation and its forecast can never drift apart.
"""

from pathlib import Path

from regions.sql import compose

STEPS = compose(Path(__file__).with_name("verdict.sql"))

SUBJECT_COLUMNS = "sid, citizen_id, declared_with, source_id, version_id, horizon, known_at, day, assumed_from"


def verdicts_of(subjects: str, *, given: str = "") -> str:
    """The statement's ``WITH`` part up to and with the step ``verdict``; the caller appends its own steps or a SELECT.

    ``subjects`` is a SELECT of ``SUBJECT_COLUMNS``; a column ``assumed_from`` that is not null makes the days from there on
    count as healthy; ``given`` are steps that it reads from. The statement takes the parameter ``zone``, the city's time zone.
    """
    before = f"{given},\n" if given else ""
    return f"WITH RECURSIVE {before}subject ({SUBJECT_COLUMNS}) AS MATERIALIZED ({subjects}),\n{STEPS}"
