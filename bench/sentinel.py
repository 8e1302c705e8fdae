"""``./run bench sentinel``: the share of a run that comparing it with the past takes, in a city with half a year of history."""

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from bench import report
from bench.a_city import SCHEMA, a_city, say
from bench.city import Size, analyse
from bench.clock import typical
from bench.rounds import Round, forget_runs, run_here
from codes.models import Run, SubjectCount
from codes.sentinel.measure import SENTINEL
from regions.tenancy import as_owner, in_city

LIMIT = 0.05
# Half a year in which each day one in a hundred people has a new record.
DAYS, TOLD = 182, 100

TELL = """
INSERT INTO codes_fact (citizen_id, origin, source_id, record_id, version, superseded, revoked, kind, area, started_on,
                        recorded_at, received_at, detail)
SELECT c.id, 'source', s.id, 'new' || c.id || %(now)s::text, 1, false, false,
       CASE WHEN c.id %% 2 = 0 THEN 'close_contact' ELSE 'overseas_arrival' END, '3505' || lpad((c.id %% 12 + 1)::text, 2, '0'),
       %(now)s::timestamptz::date - 1, %(now)s::timestamptz - interval '2 hours' - c.id %% 600 * interval '1 minute', %(now)s, '{}'
FROM codes_citizen c JOIN sources_source s ON s.code = CASE WHEN c.id %% 3 = 0 THEN 'police' ELSE 'bigdata' END
WHERE hashint8(c.id) %% %(told)s = 0
"""
DELIVER = """
INSERT INTO sources_batch (source_id, state, as_of, started_at, received_at, closed_at, reason, parts, delivered, unchanged,
                           accepted, quarantined)
SELECT id, 'accepted', %(now)s, %(now)s, %(now)s, %(now)s, '', '{}', 0, 0, 0, 0 FROM sources_source
"""


def main(*, people: int, with_facts: int | None, sample: int, rounds: int) -> None:  # noqa: ARG001 - all benches are called alike
    """Measure and write the results."""
    size = Size(people, with_facts or people * 8 // 100)
    with a_city(size):
        _day([])
        with in_city(SCHEMA):
            usual = list(Run.objects.latest("pk").subject_counts.values_list("kind", "key", "red", "yellow", "green"))
        done = [_day(usual) for _ in range(rounds)]
        with in_city(SCHEMA):
            run = Run.objects.latest("pk")
            changed, counted = run.changes.count(), run.subject_counts.count()
            raised = run.counts[SENTINEL]["raised"]
    _write(size, done, changed, counted, raised)


def _day(usual: list[tuple[str, str, int, int, int]]) -> Round:
    """Do half a year of the usual counts, a run, a day's new records of one in a hundred people, and the run that judges them."""
    forget_runs(SCHEMA)
    _forget("codes_fact", "record_id LIKE 'new%%'")
    with in_city(SCHEMA):
        now = timezone.now()
        runs = Run.objects.bulk_create(
            Run(
                day=(now - timedelta(days=ago)).date(), as_of=now - timedelta(days=ago), started_at=now, ended_at=now,
                started_by="system", state=Run.State.DONE, counts={SENTINEL: {}},
            )
            for ago in range(DAYS, 0, -1)
        )  # fmt: skip
    run_here(SCHEMA)
    # Changes of this run are neither part of the measured day nor of its past.
    _forget("codes_alarm", "true")
    _forget("codes_subjectcount", "true")
    with in_city(SCHEMA), connection.cursor() as cursor:
        for run in runs:
            SubjectCount.objects.bulk_create(
                SubjectCount(run=run, day=run.day, kind=kind, key=key, red=red, yellow=yellow, green=green)
                for kind, key, red, yellow, green in usual
            )
        cursor.execute(TELL + ";" + DELIVER, {"now": timezone.now(), "told": TOLD})
    analyse(SCHEMA)
    done = run_here(SCHEMA)
    say(f"  the run {done.total.seconds:.2f} s, the sentinel {done.sentinel.seconds:.3f} s")
    return done


def _forget(table: str, which: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f'DELETE FROM "{SCHEMA}"."{table}" WHERE {which}', [])  # noqa: S608 - names of our own


def _write(size: Size, done: list[Round], changed: int, counted: int, raised: int) -> None:
    runs, sentinels = typical([one.total for one in done]), typical([one.sentinel for one in done])
    by_clock, of_processor = sentinels.seconds / runs.seconds, sentinels.processor / runs.processor
    rows = [
        ["the run", report.seconds(runs.seconds), "1", report.seconds(runs.processor), "1"],
        ["the sentinel", report.seconds(sentinels.seconds), f"{by_clock:.3f}", report.seconds(sentinels.processor),
         f"{of_processor:.3f}"],
    ]  # fmt: skip
    said = (
        f"One in {TOLD} people has a new record; the last of {len(done)} runs changed {changed:,} verdicts, in which the sentinel "
        f"counted {counted:,} subjects and raised {raised} alarms. {DAYS} such days are its past.\n"
    )
    page = report.write(
        "sentinel",
        f"The sentinel in a run of {size.people:,} people",
        [
            said,
            report.table(
                ["promise", "measured", "kept"],
                [report.promise("the sentinel, as a share of the run (at most 0.05)", by_clock, LIMIT)],
            ),
            report.table(["", "time", "of the run", "processor", "of the run"], rows),
        ],
    )
    say(f"written to bench/results/{page.name}")
