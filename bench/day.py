"""``./run bench day``: an ordinary day of a city that is tested twice a week and has years of history, day after day.

Records that can hold somebody are delivered on the days before the first as on those that are measured. Otherwise nobody would be
held on the first day and more people every day until the first are released, and the last day would not be comparable.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from bench import report
from bench.a_city import SCHEMA, say
from bench.city import Size, analyse, build, drop
from bench.clock import Watch, typical, watch, watch_calls
from bench.peers.columnar import judge_everybody
from bench.rounds import BenchFailed
from bench.servers import Spent, watch_servers
from codes.models import Partition, Run
from codes.runs import partitions, steps
from codes.runs.ledger import start_run
from regions.schemas import prepare_database
from regions.tenancy import as_owner, in_city

# People of 1000 about whom a record of a kind that a rule names is delivered each day.
TOLD = 10
TESTS_BEFORE, OLD_FACTS = 5, 10
# The longest time that the rules hold anybody for these records, plus the delay of a source that is behind.
DAYS_BEFORE = 22
# The city is built with records beyond the horizon of one source, so its first two runs judge everybody.
NARROWED = 2
HISTORY_LIMIT, LAST_DAY_LIMIT, PER_MILLION = 1.2, 1.1, 5.0
AHEAD_OF_PEER, EVERYBODY_LIMIT = 3.0, 3.0
# The same changes in a city with this many times the people; people of 100 who have facts before the first day.
LARGER, LARGER_LIMIT = 3, 1.15
WITH_FACTS = 8

COLUMNS = ["judged", "disagreements opened", "processor", "judging"]
AGAIN = {
    "everybody": "the last day again, everybody",
    "idle": "and again, nothing new",
    "proof": "and again, with a thirtieth for proof",
}

# A join is a separate step, which a cluster runs on the city's node (``docs/adr/0075-citus.md``).
STORE_FACTS = """
WITH fact (citizen_id, source_id, record_id, kind, started_on, ended_on) AS MATERIALIZED ({told})
INSERT INTO codes_fact (citizen_id, origin, source_id, record_id, version, superseded, revoked, kind, area, started_on, ended_on,
                        recorded_at, received_at, detail)
SELECT citizen_id, 'source', source_id, record_id, 1, false, false, kind, NULL, started_on, ended_on,
       %(now)s - interval '3 hours', %(now)s - interval '1 hour', '{{}}'::jsonb
FROM fact
"""
STORE_DAYS = """
WITH checked_in (citizen_id, provider_id, days) AS MATERIALIZED ({told})
INSERT INTO codes_checkindays (citizen_id, provider_id, days, complete_at)
SELECT citizen_id, provider_id, days, %(now)s - interval '1 hour' FROM checked_in
ON CONFLICT DO NOTHING
"""
# Everybody: tests in the fortnight before the first day, from either source; and old facts that no longer count.
HISTORY = STORE_FACTS.format(
    told="""
SELECT c.id, s.id, 't' || c.id || '-' || n, 'negative_test', %(day)s::date - (n * 14 / %(tests)s)::int - 1, NULL::date
FROM codes_citizen c CROSS JOIN sources_source s CROSS JOIN generate_series(0, %(tests)s - 1) AS n
UNION ALL
SELECT c.id, s.id, 'o' || c.id || '-' || n,
       CASE WHEN n %% 2 = 1 THEN 'close_contact' ELSE 'contact_excluded' END, started_on, started_on
FROM codes_citizen c
CROSS JOIN generate_series(1, %(old)s) AS n
CROSS JOIN LATERAL (SELECT %(day)s::date - 60 - 60 * ((n + 1) / 2) + CASE WHEN n %% 2 = 1 THEN 0 ELSE 20 END AS started_on) was
JOIN sources_source s ON (s.code = 'police') = (c.id %% 2 = 0)
"""
)
# People who may be held have checked in every day. Otherwise all would begin on the first day and be released together.
CHECKED_IN = STORE_DAYS.format(
    told="""
SELECT DISTINCT f.citizen_id, p.id, datemultirange(daterange(%(day)s::date - 60, %(day)s::date))
FROM codes_fact f CROSS JOIN codes_provider p
WHERE f.kind <> 'negative_test' AND f.started_on >= %(day)s::date - 60
"""
)
# Records of a day that can hold one in a hundred people, most of them from both sources as in the city.
TOLD_TODAY = STORE_FACTS.format(
    told="""
SELECT c.id, s.id, 'd' || %(day)s || '-' || c.id,
       CASE WHEN c.id %% 3 = 0 THEN 'arrival' WHEN c.id %% 3 = 1 THEN 'overseas_arrival' ELSE 'co_traveller' END,
       %(day)s::date - 1, %(day)s::date - 1
FROM codes_citizen c
JOIN sources_source s ON hashint8(c.id * 13 + extract(doy FROM %(day)s::date)::bigint) & 2147483647 < 2147483647 / 100 * %(both)s
                      OR (s.code = 'police') = (c.id %% 2 = 0)
WHERE hashint8(c.id * 17 + extract(doy FROM %(day)s::date)::bigint) & 2147483647 < 2147483647 / 1000 * %(told)s
"""
)
# The rest of a day: a test of a third of the people, check-ins of those who check in, and new horizons of the sources.
TESTED = STORE_FACTS.format(
    told="""
SELECT c.id, s.id, 'n' || %(day)s || '-' || c.id, 'negative_test', %(day)s::date - 1, NULL::date
FROM codes_citizen c CROSS JOIN sources_source s
WHERE %(tested)s AND (hashint8(c.id * 19 + extract(doy FROM %(day)s::date)::bigint) & 2147483647) %% 3 = 0
"""
)
HELD_CHECK_IN = STORE_DAYS.format(
    told="""
SELECT v.citizen_id, v.provider_id, datemultirange(daterange(%(day)s::date - 1, %(day)s::date)) FROM codes_verdict v
"""
)
ANSWERED = """
UPDATE codes_checkindays SET days = days + datemultirange(daterange(%(day)s::date - 1, %(day)s::date)),
                             complete_at = %(now)s - interval '1 hour'
"""
DELIVERED = """
INSERT INTO sources_batch (source_id, state, as_of, started_at, received_at, closed_at, reason, parts, delivered, unchanged,
                           accepted, quarantined)
SELECT id, 'accepted', received, received, received, received, '', '{}', 0, 0, 0, 0
FROM sources_source CROSS JOIN (SELECT %(now)s - interval '1 hour' AS received) at
"""
DAY = f"{TOLD_TODAY};{TESTED};{ANSWERED};{HELD_CHECK_IN};{DELIVERED}"
# With indexes, over all tables.
SIZES = """
SELECT (SELECT count(*) FROM codes_fact), pg_total_relation_size('codes_fact'), sum(pg_total_relation_size(oid))::bigint
FROM pg_class WHERE relkind = 'r' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %s)
"""


@dataclass
class Lived:
    """A run: its time, the time to find and judge people, their number, and the number of new disagreements.

    ``servers`` is the processor time of the database servers, including their background work.
    """

    run: Run
    spent: Watch
    judging: Watch
    people: int
    opened: int
    servers: Spent


@dataclass
class Days:
    """The days of one city, the last one again with everybody, with nothing new and with the proof, and the peer's time for it."""

    days: list[Lived] = field(default_factory=list)
    facts: int = 0
    bytes: int = 0
    bytes_of_facts: int = 0
    everybody: Lived = field(init=False)
    idle: Lived = field(init=False)
    proof: Lived = field(init=False)
    peer: Watch = field(default_factory=Watch)

    @property
    def spent(self) -> list[Watch]:
        return [one.spent for one in self.days]

    @property
    def usual(self) -> Watch:
        return typical(self.spent[NARROWED:])

    @property
    def usual_judging(self) -> Watch:
        return typical([one.judging for one in self.days[NARROWED:]])


def main(*, people: int, days: int) -> None:
    """Measure and write the results."""
    bare, full = live(people, days, history=False), live(people, days, history=True)
    larger = live(people, days, history=False, times=LARGER)
    usual, first = full.usual.processor, full.spent[NARROWED].processor
    everybody = full.everybody.judging.processor
    promises = [
        report.promise(
            f"a day with history, in times of the same without (at most {HISTORY_LIMIT})",
            usual / bare.usual.processor,
            HISTORY_LIMIT,
        ),
        report.promise(
            f"the last day, in times of the first that judges few (at most {LAST_DAY_LIMIT})",
            full.spent[-1].processor / first,
            LAST_DAY_LIMIT,
        ),
        report.promise(
            f"processor, seconds for a million people (at most {PER_MILLION})",
            usual / people * 1_000_000,
            PER_MILLION,
        ),
        report.promise(
            f"{LARGER} times the people with the same changes, without history, in times (at most {LARGER_LIMIT})",
            larger.usual.processor / bare.usual.processor,
            LARGER_LIMIT,
        ),
        report.promise(
            f"DuckDB's full judgement, in times of finding whom to judge and judging them (at least {AHEAD_OF_PEER})",
            full.peer.processor / full.usual_judging.processor,
            AHEAD_OF_PEER,
            at_least=True,
        ),
        report.promise(
            f"judging everybody, in times of DuckDB's (at most {EVERYBODY_LIMIT})",
            everybody / full.peer.processor,
            EVERYBODY_LIMIT,
        ),
    ]
    rows = [
        [f"day {number}", *_cells(with_history), *_cells(without)]
        for number, (with_history, without) in enumerate(zip(full.days, bare.days, strict=True), start=1)
    ]
    rows += [[said, *_cells(getattr(full, name)), *_cells(getattr(bare, name))] for name, said in AGAIN.items()]
    said = (
        f"{people:,} people, {bare.facts:,} facts in the bare city and {full.facts:,} with history on the last day. Every day "
        f"{TOLD / 10:g} in 100 receive a record of a kind that a rule names, {Size.told_to_both} of 100 of these by both sources, a "
        f"third are tested, and all who are held check in. Judging everybody afterwards changes nothing. DuckDB judges everybody "
        f"from Parquet in {report.seconds(full.peer.processor)} ({report.seconds(full.peer.seconds)} on the clock), to the same "
        f"colours. `judging` is the processor of finding whom to judge and of judging them. Tests end some colours with one provider "
        f"and not with the other: the city with history has more disagreements to explain, which is part of its days.\n"
    )
    head = ["run", *COLUMNS, f"without history: {COLUMNS[0]}", *COLUMNS[1:]]
    page = report.write(
        "day",
        "An ordinary day",
        [said, report.table(["promise", "measured", "kept"], promises), report.table(head, rows)],
    )
    say(f"written to bench/results/{page.name}")


def live(people: int, days: int, *, history: bool, times: int = 1) -> Days:
    """Return the days of a city; with ``times``, of one with so many times the people and the same number of records."""
    lived = Days()
    size = Size(people * times, people * WITH_FACTS // 100)
    # Late in the morning there, when the day has one date everywhere.
    now = begins = timezone.now().replace(hour=3, minute=0) - timedelta(days=days)
    told = TOLD / times
    with _city_of(size, begins, history=history, told=told):
        for number in range(days):
            now = begins + timedelta(days=number)
            if number:
                _write_day(DAY, now, told=told, both=Size.told_to_both, tested=history)
            lived.days.append(one := _run(now))
            say(f"  day {number + 1}: {one.people:,} judged, processor {one.spent.processor:.2f} s")
        lived.everybody = _run(now + timedelta(minutes=1), everybody=True)
        lived.idle = _run(now + timedelta(minutes=2))
        lived.proof = _run(now + timedelta(minutes=3), proves=True)
        with in_city(SCHEMA), connection.cursor() as cursor:
            if lived.everybody.run.changes.exists() or lived.proof.run.counts["proof"]["unforeseen"]:
                raise BenchFailed("judging everybody found what the days had left otherwise")
            cursor.execute(SIZES, [SCHEMA])
            lived.facts, lived.bytes_of_facts, lived.bytes = cursor.fetchone()
            if history:
                lived.peer = judge_everybody(lived.everybody.run)
    return lived


@contextmanager
def _city_of(size: Size, begins: datetime, *, history: bool, told: float = TOLD) -> Iterator[None]:
    with as_owner():
        prepare_database()
    drop(SCHEMA)
    build(SCHEMA, size, now=begins)
    try:
        for ago in range(DAYS_BEFORE, -1, -1):
            _write_day(TOLD_TODAY, begins - timedelta(days=ago), told=told, both=size.told_to_both)
        _write_day(CHECKED_IN, begins)
        if history:
            _write_day(HISTORY, begins, tests=TESTS_BEFORE, old=OLD_FACTS)
        analyse(SCHEMA)
        yield
    finally:
        drop(SCHEMA)


def _write_day(statement: str, now: datetime, **values: float) -> None:
    with in_city(SCHEMA), connection.cursor() as cursor:
        cursor.execute(statement, {"now": now, "day": now.date(), **values})


def _run(now: datetime, *, everybody: bool = False, proves: bool = False) -> Lived:
    with (
        watch_servers() as servers,
        in_city(SCHEMA),
        watch() as spent,
        watch_calls(steps, "choose_people") as finding,
        watch_calls(steps, "work_partition") as working,
        watch_calls(partitions, "prepare_diagnoses") as explaining,
    ):
        run, _ = start_run(by="system", now=now, collects=False, everybody=everybody, proves=proves)
        run = steps.run_here(run.pk, clock=lambda: now, progress=lambda _run: None)
    if run.state != Run.State.DONE:
        raise BenchFailed(f"the run ended {run.state}: {run.message}")
    with in_city(SCHEMA):
        people = sum(one.counts["people"] for one in Partition.objects.filter(run=run))
    return Lived(run, spent, finding + working - explaining, people, run.counts["disagreements"]["opened"], servers)


def _cells(one: Lived) -> list[str]:
    times = [report.seconds(watch.processor) for watch in (one.spent, one.judging)]
    return [f"{one.people:,}", f"{one.opened:,}", *times]
