"""The engine: one SQL statement (``verdict.sql``) over a relation of subjects (``subjects.sql``), used wherever a colour is computed.

The daily run, the hybrids of a diagnosis, the forecast, a rehearsal and a replay differ only in their subjects. A colour, its
explanation and its forecast are therefore always consistent.
"""

import json
from pathlib import Path

from codes.engine.subjects import ALL_FACTS, DAILY, DUE_FACTS, SUBJECT_COLUMNS
from regions.divisions import covering, dissolved
from regions.sql import compose

SQL = Path(__file__).with_name("verdict.sql")

# For each dissolved division, the areas that a stay in it also matches: its successors and the areas that contain them.
COVERING_SUCCESSORS = {
    code: sorted({area for successor in successors for area in covering(successor)})
    for code, successors in dissolved().items()
}


def suppressed(fact: str, *, subject: str, person: str = "") -> str:
    """Return the condition that a ruling known to the subject suppresses the record of a fact, or that version of it.

    ``person``: the relation of the citizen for whom it is asked, if that is not the one whom the fact names.
    """
    return compose(SQL, "suppressed", fact=fact, subject=subject, person=person or fact)


def can_hold(*, subject: str, since: str) -> str:
    """Return the query of the subject's facts that began on or after the day ``since`` and that a rule can be about."""
    return compose(SQL, "can_hold", subject=subject, since=since)


def until(hit: str, *, day: str) -> str:
    """Return the expression of the day on which a stored hit ends, as known on ``day``; null if days alone do not end it."""
    earliest, healthy_days = f"({hit}->>'until')::date", f"({hit}->>'healthy_days')::int"
    return compose(SQL, "known_day", earliest=earliest, healthy_days=healthy_days, day=day)


def green_on(row: str, *, day: str) -> str:
    """Return the expression of the day on which a row's stored verdict turns green, as known on ``day``."""
    earliest, healthy_days = f"{row}.turns_green_on", f"{row}.healthy_days"
    return compose(SQL, "known_day", earliest=earliest, healthy_days=healthy_days, day=day)


def over(*, subject: str) -> str:
    """Return the condition that fact ``f`` can no longer hold anybody by the rule joined to it, whichever provider sees it."""
    return compose(SQL, "over", subject=subject, suppressed_for_clearing=suppressed("clearing", subject=subject))


# The step that computes the facts that each subject of the relation `subject` sees, without the steps that judge.
SEEN = compose(
    SQL,
    "seen",
    counts_for_s=compose(SQL, "counts", subject="s"),
    suppressed_for_s=suppressed("f", subject="s"),
)
STEPS = compose(
    SQL,
    "steps",
    seen=SEEN,
    can_hold_s=can_hold(subject="s", since="s.reads_from"),
    covering_successors=json.dumps(COVERING_SUCCESSORS),
    suppressed=suppressed("w", subject="w"),
    suppressed_for_f=suppressed("recorded", subject="f", person="f"),
    **{f"counts_for_{one}": compose(SQL, "counts", subject=one) for one in "fmw"},
    **{f"suppressed_for_{one}": suppressed("f", subject=one) for one in "mw"},
)

DAILY_VERDICTS = compose(SQL, "daily_verdicts")
DAILY_VERDICTS_ACROSS_VERSIONS = compose(SQL, "daily_verdicts_across_versions")
NEXT_DAY = compose(SQL, "next_day")
COMING = compose(SQL, "coming", next_day=NEXT_DAY, rests_on_streak=compose(SQL, "rests_on_streak"))

# When this text changes, every city judges everybody once (see ``codes.runs.due``).
ENGINE = f"{STEPS}{DAILY}{DUE_FACTS}{DAILY_VERDICTS}{DAILY_VERDICTS_ACROSS_VERSIONS}{COMING}"


def verdicts_of(subjects: str, *, given: str = "", reads_from: str = ALL_FACTS) -> str:
    """Return the statement's ``WITH`` part up to the step ``verdict``, included; the caller appends its own steps or a SELECT.

    ``subjects`` is a SELECT of ``SUBJECT_COLUMNS``. Where ``assumed_from`` is not null, the days from then on count as checked in
    healthy. ``given`` are steps that ``subjects`` reads from. ``reads_from`` is an expression over a row ``asked`` of the
    subjects: facts that began before this day are not read. The statement takes the parameter ``zone``, the city's time zone.
    """
    before = f"{given},\n" if given else ""
    asked = f"SELECT {SUBJECT_COLUMNS}, {reads_from} FROM ({subjects}) AS asked ({SUBJECT_COLUMNS})"  # noqa: S608 - all ours
    return f"WITH {before}subject ({SUBJECT_COLUMNS}, reads_from) AS MATERIALIZED ({asked}),\n{STEPS}"
