"""The engine: one SQL statement (``verdict.sql``) over a relation of subjects (``subjects.sql``), used wherever a colour is computed.

The daily run, the diagnosis' hybrids, the forecast, a rehearsal and a replay differ in their subjects only, so a colour,
its explanation and its forecast can never drift apart.
"""

import json
from pathlib import Path

from codes.engine.subjects import ALL_FACTS, DAILY, DUE_FACTS, SUBJECT_COLUMNS
from regions.divisions import covering, dissolved
from regions.sql import compose

SQL = Path(__file__).with_name("verdict.sql")

# What else a stay in a dissolved division matches: its successors, and what these lie in.
COVERING_SUCCESSORS = {
    code: sorted({area for successor in successors for area in covering(successor)})
    for code, successors in dissolved().items()
}


def suppressed(fact: str, *, subject: str) -> str:
    """The condition that a ruling suppresses the record of a fact, or its version, by what the subject knows."""
    return compose(SQL, "suppressed", fact=fact, subject=subject)


def can_hold(*, subject: str, since: str) -> str:
    """The facts of a subject that began on this day or later and that a rule can be about."""
    return compose(SQL, "can_hold", subject=subject, since=since)


def over(*, subject: str) -> str:
    """The condition that fact ``f`` can hold nobody any more by the rule beside it, whoever of several providers sees it."""
    return compose(SQL, "over", subject=subject, suppressed_for_clearing=suppressed("clearing", subject=subject))


# What each subject of a relation `subject` knows, alone.
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
    suppressed_for_f=suppressed("said", subject="f"),
    **{f"counts_for_{one}": compose(SQL, "counts", subject=one) for one in "fmw"},
    **{f"suppressed_for_{one}": suppressed("f", subject=one) for one in "mw"},
)

DAILY_VERDICTS = compose(SQL, "daily_verdicts")
DAILY_VERDICTS_ACROSS_VERSIONS = compose(SQL, "daily_verdicts_across_versions")
NEXT_DAY = compose(SQL, "next_day")
COMING = compose(SQL, "coming", next_day=NEXT_DAY)

# By another one everybody is judged anew, whatever has changed besides.
ENGINE = f"{STEPS}{DAILY}{DUE_FACTS}{DAILY_VERDICTS}{DAILY_VERDICTS_ACROSS_VERSIONS}{COMING}"


def verdicts_of(subjects: str, *, given: str = "", reads_from: str = ALL_FACTS) -> str:
    """The statement's ``WITH`` part up to and with the step ``verdict``; the caller appends its own steps or a SELECT.

    ``subjects`` is a SELECT of ``SUBJECT_COLUMNS``; a column ``assumed_from`` that is not null makes the days from there on
    count as healthy; ``given`` are steps that it reads from. ``reads_from`` is the day, for each of these ``asked``, before which
    no fact that began is read. The statement takes the parameter ``zone``, the city's time zone.
    """
    before = f"{given},\n" if given else ""
    asked = f"SELECT {SUBJECT_COLUMNS}, {reads_from} FROM ({subjects}) AS asked ({SUBJECT_COLUMNS})"  # noqa: S608 - all ours
    return f"WITH {before}subject ({SUBJECT_COLUMNS}, reads_from) AS MATERIALIZED ({asked}),\n{STEPS}"
