"""The effective code: ruling, agreement, policy, held, unknown – in this order (``docs/semantics.md`` §4).

A settled code is stored unless it is green by agreement. Whether it is still valid, and whether a ruling's last day has passed, is
checked whenever the code is read (``docs/adr/0019-validity-when-asked.md``).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection, transaction
from psycopg2.extras import Json

from codes.engine.subjects import JUDGED_BY_RUN, NAMED_BY_RUN, among, unjudged
from codes.messages.outbox import message_statement, parameters_of
from codes.models import EffectiveChange, MessageKind, Run
from codes.validity import Age
from regions.locks import advisory_lock
from regions.prepared import Prepared
from regions.sql import compose
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")
END_EXPIRED = compose(SQL, "end_expired")

SUSPEND = compose(SQL, "suspend")

TOUCHED_BY_RUN = compose(SQL, "touched", among="true")

TOUCHED_BY_JUDGED = compose(SQL, "touched", among=among(JUDGED_BY_RUN, "citizen_id"))

WRITE_MESSAGES = message_statement(compose(SQL, "changed_colour"))

TOUCHED_BY_NAME = "SELECT unnest(%(citizens)s::bigint[])"

BY_LAST = "(SELECT id FROM last)"


def _decide(touched: str, *, run: str) -> str:
    """Return the steps that decide the codes of the citizens selected by ``touched``: the same for settling and for reading."""
    return compose(SQL, "decide", touched=touched, run=run, registration_known=_registration_known(run))


def _registration_known(run: str, *, amending: str = "true") -> str:
    """Return the condition that a registration was known to the run, or to a run that has amended it for the citizen.

    ``amending`` is a condition on the amending runs, ``later``, that are considered.
    """
    return compose(SQL, "registration_known", run=run, amending=amending, unjudged=unjudged(run, amending=amending))


def settle_effective_codes(run: Run, *, last: Run | None, narrowed: bool = False) -> int:
    """Settle every citizen's effective code by the run's verdicts and the rulings in force. Return the number of changed codes.

    ``last`` is the run by which the codes were settled so far: a code that it did not cover was unknown. An amending run settles
    only the codes of the people it names; ``narrowed`` only those of people who were judged or whose ruling matters. Call in a
    transaction that began with ``lock_effective_codes``.
    """
    return _settle_run(run, _Covered.by(last), narrowed=narrowed)


def settle_citizens(
    citizens: Collection[int], *, now: datetime, ended: Mapping[int, int] | None = None, end_code: str = ""
) -> int:
    """Settle these citizens' codes by the last settled run's verdicts and the rulings in force now. Return the number of changed codes.

    ``ended``: citizen → the ruling that has ended; it is stored as the cause of a change where no ruling is in force any more.
    ``end_code``: why it ended early, for the message to those whose colour changes. Call in a transaction that began with
    ``lock_effective_codes``.
    """
    run = Run.objects.last_settled()
    today = current_city().day_of(now)
    why = {"end_code": end_code} if end_code else {}
    causes = {"ended_of": list(ended or {}), "ended": list((ended or {}).values()), "why": Json(why)}
    citizens = sorted(set(citizens))
    return _settle(TOUCHED_BY_NAME, run, _Covered.by(run), at=now, day=today, citizens=citizens, **causes)


def effective_changes_if(run: Run, change: Callable[[], object]) -> list[list[str | int]]:
    """Return [from, to, citizens] of the effective codes that change when the run is settled again after ``change`` is called.

    All writes are rolled back.
    """
    with transaction.atomic():
        lock_effective_codes()
        covered = _Covered.by(run)
        _settle_run(run, covered)
        before = EffectiveChange.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        change()
        _settle_run(run, covered)
        changes = EffectiveChange.objects.filter(pk__gt=before).values_list("before", "after")
        counted = Counter(changes.iterator())
        transaction.set_rollback(True)
    return [[*colours, number] for colours, number in sorted(counted.items()) if colours[0] != colours[1]]


class _Covered(NamedTuple):
    """Whose code was known: those registered, by the run's instant, with a provider that had a colour in it."""

    run: int | None
    providers: list[int]

    @classmethod
    def by(cls, run: Run | None) -> "_Covered":
        known = run.providers.filter(known=True).values_list("provider", flat=True) if run else ()
        return cls(run.pk if run else None, list(known))


def _settle_run(run: Run, covered: _Covered, *, narrowed: bool = False) -> int:
    with connection.cursor() as cursor:
        cursor.execute(END_EXPIRED, {"run": run.pk})
        lapsed = [citizen for (citizen,) in cursor.fetchall()]
        cursor.execute(SUSPEND, {"run": run.pk})
    touched = NAMED_BY_RUN if run.amends_id else TOUCHED_BY_JUDGED if narrowed else TOUCHED_BY_RUN
    return _settle(touched, run, covered, at=run.as_of, day=run.day, cause_run=run.pk, lapsed=lapsed)


def _settle(touched: str, run: Run | None, covered: _Covered, **parameters: Any) -> int:
    runs = {"run": run.pk if run else None, "covered_by": covered.run, "known": covered.providers}
    causes: dict[str, Any] = {**runs, "cause_run": None, "ended_of": [], "ended": [], "why": Json({})}
    statement = compose(
        SQL,
        "settle",
        decide=_decide(touched, run="%(run)s"),
        registration_known=_registration_known("%(covered_by)s", amending="later.id IS DISTINCT FROM %(cause_run)s"),
        write_messages=WRITE_MESSAGES,
    )
    with connection.cursor() as cursor:
        message = parameters_of(MessageKind.COLOUR_CHANGED, at=parameters["at"])
        cursor.execute(statement, {**_policy(), **causes, **message, **parameters})
        return int(cursor.fetchone()[0])


def _policy() -> dict[str, str]:
    policy, _, preferred = current_city().interim_policy.partition(":")
    return {"policy": policy, "preferred": preferred}


MISSTATED = compose(SQL, "misstated", decide=_decide(TOUCHED_BY_RUN, run="%(run)s"))
LAST = compose(SQL, "last")
WITH_LAST = f"WITH last AS MATERIALIZED ({LAST})"


def _code_of(asked: str) -> str:
    return compose(SQL, "read", run=BY_LAST, registration_known=_registration_known(BY_LAST), asked=asked)


READ = f"{WITH_LAST} {_code_of('unnest(%(citizens)s::bigint[])')}"
# The plan of a prepared statement cannot know how many citizens an array has.
CODE_OF_ONE = _code_of("(VALUES (%(citizen)s::bigint))")
READ_ONE = Prepared("effective_code", f"{WITH_LAST} {CODE_OF_ONE}", settled=list(Run.SETTLED))
AGAIN = compose(SQL, "again", last=LAST, decide=_decide(TOUCHED_BY_NAME, run=BY_LAST))
LAPSED_ANYWHERE = _decide(compose(SQL, "lapsed_anywhere"), run=BY_LAST)
COUNT = compose(
    SQL, "count", last=LAST, decide=LAPSED_ANYWHERE, run=BY_LAST, registration_known=_registration_known(BY_LAST)
)


class CurrentCode(NamedTuple):
    """An effective code as it is now. ``since`` is ``None`` if no run has covered the citizen."""

    colour: str
    because: str
    since: datetime | None


def effective_code(citizen_id: int, *, now: datetime) -> CurrentCode:
    (row,) = READ_ONE.rows({"citizen": citizen_id, **code_parameters(now)})
    return code_of(row, now=now)[0]


def code_of(row: Sequence[Any], *, now: datetime) -> tuple[CurrentCode, list[Any]]:
    """Return the code of a row that begins with the columns of ``CODE_OF_ONE``, and the values of its other columns."""
    ((code, rest),) = _codes_of([row], now=now).values()
    return code, rest


def effective_codes(citizens: Collection[int], *, now: datetime) -> dict[int, CurrentCode]:
    """Return the citizens' effective codes at this instant, taking account of expired runs and of rulings whose last day has passed.

    Makes one query, and a second one for those whose ruling's last day has passed but has not been ended yet.
    """
    with connection.cursor() as cursor:
        cursor.execute(READ, {"citizens": list(citizens), **code_parameters(now)})
        rows = cursor.fetchall()
    return {citizen: code for citizen, (code, _) in _codes_of(rows, now=now).items()}


def codes_without_rulings(citizens: Collection[int], *, now: datetime) -> dict[int, CurrentCode]:
    """Return the codes that the citizens would have at this instant if no ruling about them were in force. Nothing is written."""
    run = Run.objects.last_settled()
    age = Age.of(run.day if run else None, now=now)
    with connection.cursor() as cursor:
        # On this day the last day of every ruling has passed.
        cursor.execute(AGAIN, {**code_parameters(now), "citizens": list(citizens), "day": date.max})
        return {one: _aged(CurrentCode(colour, because, None), age) for one, colour, because in cursor.fetchall()}


def _codes_of(rows: Sequence[Sequence[Any]], *, now: datetime) -> dict[int, tuple[CurrentCode, list[Any]]]:
    over = {citizen: over for _day, citizen, _colour, _because, _since, over, *_ in rows if over is not None}
    again = {}
    if over:
        with connection.cursor() as cursor:
            cursor.execute(AGAIN, {"citizens": list(over), **code_parameters(now)})
            again = {one: CurrentCode(colour, because, over[one]) for one, colour, because in cursor.fetchall()}
    found = {}
    for run_day, citizen, colour, because, since, _over, *rest in rows:
        code = again.get(citizen) or CurrentCode(colour, because, since)
        found[citizen] = (_aged(code, Age.of(run_day, now=now)), rest)
    return found


def _aged(code: CurrentCode, age: Age) -> CurrentCode:
    colour, because = age.seen(code.colour, code.because)
    if because == code.because or age.expired_at is None:
        return code
    return CurrentCode(colour, because, max(filter(None, (code.since, age.expired_at))))


DAILY = compose(SQL, "daily", unjudged=unjudged("run.id"))


def daily_codes(citizen_id: int, *, since: date, now: datetime) -> dict[date, str]:
    """Return the colour at the end of each day from ``since`` on, and the present one for today.

    A run's code counts only as long as it is valid.
    """
    city = current_city()
    today = city.day_of(now)
    parameters: dict[str, Any] = {"citizen": citizen_id, "since": since, "day": today, "settled": list(Run.SETTLED)}
    with connection.cursor() as cursor:
        cursor.execute(DAILY, parameters)
        rows = cursor.fetchall()
    ends = {day: datetime.combine(day, time.max, city.zone) for day, *_ in rows}
    found = {day: Age.of(run_day, now=ends[day]).seen(colour, because)[0] for day, run_day, colour, because in rows}
    return {**found, today: effective_code(citizen_id, now=now).colour}


class MisstatedCode(NamedTuple):
    """A stored code, and the one that the verdicts and rulings give."""

    citizen: str
    colour: str
    because: str
    decided_colour: str
    decided_because: str


def misstated_codes(run: Run, *, joined: Collection[str], same_policy: bool) -> Iterator[MisstatedCode]:
    """Yield the stored codes that are not what the verdicts of the last settled ``run`` and the rulings in force give.

    ``joined``: the references of people who were joined since the run. ``same_policy``: whether the city has the policy of the run.
    """
    whose: dict[str, Any] = {"lapsed": [], "joined": list(joined), "same_policy": same_policy}
    with connection.chunked_cursor() as cursor:
        cursor.execute(MISSTATED, {**_policy(), **whose, "run": run.pk, "day": run.day})
        yield from map(MisstatedCode._make, cursor)


class CountedCode(NamedTuple):
    colour: str
    because: str


def count_effective_codes(*, now: datetime) -> Counter[CountedCode]:
    """Return the number of the city's citizens by colour, including ``unknown``, and by the reason of the code."""
    counted: Counter[CountedCode] = Counter()
    with connection.cursor() as cursor:
        cursor.execute(COUNT, code_parameters(now))
        for run_day, colour, because, people in cursor.fetchall():
            counted[CountedCode(*Age.of(run_day, now=now).seen(colour, because))] += people
    return counted


def code_parameters(now: datetime) -> dict[str, Any]:
    """Return the parameters, except the citizens, of the statements that read codes."""
    city = current_city()
    return {**_policy(), "settled": list(Run.SETTLED), "day": city.day_of(now), "zone": city.timezone}


# For reports: the step `decided` has the citizens whose ruling's last day has passed but has not been ended yet.
DECIDED_WHEN_ASKED = _decide(compose(SQL, "lapsed_anywhere"), run="%(standing_run)s")


def code_after(citizen: str) -> str:
    """Return the query of a citizen's code after a run; ``citizen`` is a column name from the code, never input."""
    known = _registration_known("%(standing_run)s")
    return compose(SQL, "code_after", citizen=citizen, registration_known=known)


def after_run(run: Run, *, now: datetime | None) -> dict[str, Any]:
    """Return the parameters of ``code_after`` and ``DECIDED_WHEN_ASKED``: for the codes on the run's day, or at ``now`` if it is given.

    A run of history does not change codes. For its day the codes are those that were effective then, and not those that would follow
    from its verdicts.
    """
    standing_run = Run.objects.standing_on(run.day) if run.history else run
    following = Run.objects.settled().filter(pk__gt=standing_run.pk).order_by("pk").first() if standing_run else None
    return {
        **_policy(),
        "run": run.pk,
        "kept": run.history,
        "standing_run": standing_run.pk if standing_run else None,
        "until": following.as_of if following else None,
        "to_day": run.day if now is None else None,
        "day": None if now is None else current_city().day_of(now),
    }


def lock_effective_codes() -> None:
    """Take the lock for changing effective codes or many cases, and hold it until this transaction ends.

    The settling of a run and a person's ruling both write codes and cases. Under this lock they cannot deadlock.
    """
    advisory_lock("effective codes")
