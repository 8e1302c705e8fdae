"""``./run bench province``: the costs of the parts on this machine, and a simulated day of a province of 400 cities.

Answers, runs, collection and beat are measured in small cities; the day is simulated with these figures
(``bench/province_day.py``).
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from celery.schedules import crontab
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from sqlalchemy import create_engine

from bench import day as ordinary
from bench import report
from bench.a_city import SCHEMA, a_city, fresh_round, say
from bench.city import Size, build, drop
from bench.clock import watch
from bench.passes import BROWSERS, HOSTS, WITH_FACTS_SHARE, citizens_visits, gate_visits, give_host
from bench.province_day import Answer, Day, Machines, Measured, Province, breaks_at, live, machines_for
from bench.rounds import BenchFailed
from bench.servers import Spent, watch_servers
from bench.web import Served, web_server
from codes.intake.collecting import collect_source
from portal.celery import BEAT, app
from portal.demo.people import Population
from portal.demo.stand_ins.police_database import CLOCK_VIEW, RECORDS_VIEW, PoliceDatabase
from regions.models import City, Domain
from regions.sources.models import Batch, Source, SourceKind
from regions.tenancy import as_owner, in_city

CITIES_OF_BEAT, ROUNDS_OF_BEAT = 10, 3
DAYS, SMALLER = 5, 4
PEOPLE_SHOWN, RECORDS = 5_000, 10_000
SOURCE_URL = "BENCH_PROVINCE_SOURCE"
# Maximum load of a database node and of the web processes in the busiest minute of a usual day; cores of a node.
BUSIEST, CORES = 0.5, 8
TENFOLD = 10.0
P99_LIMIT, MORNING, FEW = 1.0, 7 * 60, 0.001
BYTES_PER_TB = 1e12
KINDS = {
    "first": "the code page, for the first time since the run",
    "again": "the code page, once more",
    "renewal": "its renewal",
    "gate": "a gate has a pass checked",
}


def main(*, people: int, cities: int, openings: int, sample: int, measured_people: int, seed: int) -> None:
    """Measure the parts, simulate the day and write the results."""
    measured, stored = measure(sample=sample, people=measured_people)
    province = Province(people, cities, openings)
    machines = machines_for(measured, province, cores=CORES, busiest=BUSIEST)
    say(f"a day of {people:,} people in {cities} cities …")
    usual = live(measured, province, machines, seed=seed)
    crowded = live(measured, province, machines, seed=seed, times=TENFOLD)
    # Once more with one database node fewer: its cities are on the others, as after a failure without a standby.
    one_less = live(measured, province, replace(machines, nodes=max(1, machines.nodes - 1)), seed=seed)
    _write(measured, stored, province, {"usual": usual, "crowded": crowded, "one_less": one_less}, seed)


def measure(*, sample: int, people: int) -> tuple[Measured, dict[str, float]]:
    """Return this machine's figures, and the bytes that a person and a record take in the database with indexes."""
    with a_city(Size(PEOPLE_SHOWN, int(PEOPLE_SHOWN * WITH_FACTS_SHARE))):
        fresh_round()
        give_host()
        answers = {kind: _answer(one) for kind, one in show(sample).items()}
        record, _ = collect()
    small, large = (ordinary.live(size, DAYS, history=True) for size in (people // SMALLER, people))
    of_run = [lived.usual.processor for lived in (small, large)]
    per_person = max(0.0, (of_run[1] - of_run[0]) / (people - people // SMALLER))
    run = max(0.0, of_run[1] - per_person * people)
    stored = {"person": large.bytes / people, "record": large.bytes_of_facts / large.facts}
    beat, _ = live_on()
    return Measured(answers, run, per_person, record, beat), stored


def show(sample: int) -> dict[str, Served]:
    """Measure answers with one browser, so that none waits for another: the duration of an answer is its cost."""
    say("answers …")
    with in_city(SCHEMA):
        visits = citizens_visits(max(sample, BROWSERS), now=timezone.now())
        gate = gate_visits(BROWSERS, now=timezone.now())
    code, renewal = (reverse(name, urlconf=settings.ROOT_URLCONF) for name in ("citizen_code", "citizen_pass"))
    served = {kind: Served() for kind in KINDS}
    with web_server() as server, in_city(SCHEMA):
        warm = len(visits["code"]) // 5
        server.serve(visits["code"][:warm], Served(), browsers=1)
        server.serve(visits["code"][warm:], served["first"], browsers=1)
        server.serve([replace(one, path=code) for one in visits["code"]], served["again"], browsers=1)
        server.serve([replace(one, path=renewal) for one in visits["code"]], served["renewal"], browsers=1)
        server.serve(gate(), Served(), browsers=1)
        for _ in range(max(1, sample // BROWSERS)):
            server.serve(gate(), served["gate"], browsers=1)
    return served


def _answer(served: Served) -> Answer:
    number, mean = len(served.times), sum(served.times) / len(served.times)
    database = served.servers.both / number
    return Answer(served.processor_each - database, database, [one / mean for one in sorted(served.times)])


def collect() -> tuple[float, Spent]:
    """Return the seconds to collect a record about a person already known, from a file like a police database, and the servers'."""
    say("collection …")
    now = timezone.now()
    population = Population("bench", "510100", RECORDS, now.date())
    with tempfile.TemporaryDirectory() as folder:
        police = PoliceDatabase(create_engine(url := f"sqlite+pysqlite:///{Path(folder) / 'police.db'}"))
        police.create()
        os.environ[SOURCE_URL] = url
        seconds, of_servers = 0.0, Spent()
        for nth in range(2):
            recorded = now - timedelta(hours=2 - nth)
            police.add_records(
                {
                    "record_id": f"p{nth}-{person.number}",
                    "id_type": person.id_type,
                    "id_number": person.id_number,
                    "full_name": person.full_name,
                    "kind": "negative_test",
                    "started_on": recorded.date(),
                    "recorded_at": recorded,
                    "revoked": False,
                }
                for person in population
            )
            police.set_clock(recorded)
            with in_city(SCHEMA):
                source, _ = Source.objects.get_or_create(
                    code="province", defaults={"kind": SourceKind.POLICE_DATABASE, "title_zh": "-", "title_en": "-",
                                               "credential_env": SOURCE_URL, "records_view": RECORDS_VIEW, "clock_view": CLOCK_VIEW}
                )  # fmt: skip
                with watch_servers() as servers, watch() as watched:
                    batch = collect_source(source, now=recorded + timedelta(minutes=1), by="system")
            if batch.state != Batch.State.ACCEPTED or batch.accepted < RECORDS:
                raise BenchFailed(f"the batch ended {batch.state}: {batch.reason}, {batch.accepted} accepted")
            seconds, of_servers = watched.processor, servers
        police.engine.dispose()
    return seconds / RECORDS, of_servers / RECORDS


def live_on() -> tuple[float, Spent]:
    """Return the seconds that all of beat's tasks take per city and second if there is nothing to do, and the servers'."""
    say("beat …")
    app.loader.import_default_modules()
    with _small_cities():
        a_second, of_servers = 0.0, Spent()
        for entry in BEAT.values():
            task = app.tasks[str(entry["task"])]
            task.run()
            with watch_servers() as servers, watch() as spent:
                for _ in range(ROUNDS_OF_BEAT):
                    task.run()
            seconds = ROUNDS_OF_BEAT * CITIES_OF_BEAT * _seconds_between(entry["schedule"])
            a_second += spent.processor / seconds
            of_servers += servers / seconds
    return a_second, of_servers


def _seconds_between(schedule: object) -> float:
    if isinstance(schedule, crontab):
        return 24 * 3600 / (len(schedule.minute) * len(schedule.hour))  # type: ignore[attr-defined]  # sets, which the stubs leave out
    return float(schedule)  # type: ignore[arg-type]  # a number of seconds


@contextmanager
def _small_cities() -> Iterator[None]:
    names = [f"bench_beat_{number}" for number in range(CITIES_OF_BEAT)]
    try:
        for name in names:
            drop(name)
            build(name, Size(20, 4), now=timezone.now())
            with as_owner():
                Domain.objects.create(
                    domain=f"{name}.{HOSTS}".replace("_", "-"), tenant=City.objects.get(schema_name=name), is_primary=True
                )  # fmt: skip
        yield
    finally:
        for name in names:
            drop(name)


def _write(measured: Measured, stored: dict[str, float], province: Province, days: dict[str, Day], seed: int) -> None:
    usual, crowded, one_less = days["usual"], days["crowded"], days["one_less"]
    machines = usual.machines
    said = (
        f"{province.people:,} people in {province.cities} cities; {province.openings:,} openings of the code page; seed {seed}. "
        "What the parts take is measured on this machine, in small cities. When people show their codes, how large cities are, and "
        "how often a pass is renewed and scanned is assumed (`bench/province_day.py`). "
        f"Machines are as many as leave {1 - BUSIEST:.0%} of the busiest minute free.\n"
    )
    promises = [
        report.promise("the last run has ended, minutes after midnight (at most 420)", usual.last_run_ended, MORNING),
        report.promise("p99 of the busiest minute, seconds (at most 1)", usual.slowest_p99, P99_LIMIT),
        report.promise("turned away of a usual day, share (at most 0.001)", usual.turned_away, FEW),
        report.promise(
            "ten times the openings: p99 of those answered, seconds (at most 1)", crowded.slowest_p99, P99_LIMIT
        ),
        report.promise("a database node less: share of the busiest (at most 1)", one_less.database_busiest, 1.0),
    ]
    page = report.write(
        "province",
        "One day of a province",
        [
            said,
            report.table(["promise", "measured", "kept"], promises),
            report.table(["measured here", "web", "database"], _parts(measured)),
            report.table(["machines", ""], _machines(machines)),
            report.table(["the day", "as usual", "ten times the openings", "a database node less"], _days(days)),
            report.table(["what breaks first", "times the usual day"], _breaks(measured, province, machines)),
            report.table(["on disk, with indexes", ""], _disk(stored, province)),
        ],
    )
    say(f"written to bench/results/{page.name}")


def _parts(measured: Measured) -> list[list[str]]:
    rows = [
        [title, f"{measured.answers[kind].web * 1000:.2f} ms", f"{measured.answers[kind].database * 1000:.2f} ms"]
        for kind, title in KINDS.items()
    ]
    return [
        *rows,
        ["a record collected", "", report.micro(measured.record)],
        ["a run of an ordinary day, by itself", "", report.seconds(measured.run)],
        ["… and for each person of the city", "", report.micro(measured.run_per_person)],
        ["beat's tasks, for each city and second", "", report.micro(measured.beat)],
    ]


def _machines(machines: Machines) -> list[list[str]]:
    return [
        ["web processes, a core each", f"{machines.web:,}"],
        ["database nodes", f"{machines.nodes:,}"],
        ["… cores each", f"{machines.cores}"],
        ["worker processes", f"{machines.workers:,}"],
        ["cores in all", f"{machines.web + machines.nodes * machines.cores + machines.workers:,}"],
        [
            "… with a standby for each database node",
            f"{machines.web + 2 * machines.nodes * machines.cores + machines.workers:,}",
        ],
    ]


def _days(days: dict[str, Day]) -> list[list[str]]:
    shown = list(days.values())
    runs = [sorted(one.run_minutes) for one in shown]
    return [
        ["answered, million", *(f"{one.answered / 1e6:,.0f}" for one in shown)],
        ["turned away", *(f"{one.turned_away:.1%}" for one in shown)],
        ["p99 of the slowest minute", *(f"{one.slowest_p99 * 1000:,.0f} ms" for one in shown)],
        ["p99 at noon", *(f"{one.p99[12 * 60] * 1000:,.0f} ms" for one in shown)],
        ["web, busiest minute", *(f"{one.web_busiest:.0%}" for one in shown)],
        ["database, busiest node and moment", *(f"{one.database_busiest:.0%}" for one in shown)],
        ["a run and its collection, median", *(f"{one[len(one) // 2]:.1f} min" for one in runs)],
        ["the slowest", *(f"{one[-1]:.1f} min" for one in runs)],
        ["the last has ended at", *(f"{int(one.last_run_ended) // 60:02d}:{int(one.last_run_ended) % 60:02d}" for one in shown)],
    ]  # fmt: skip


def _breaks(measured: Measured, province: Province, machines: Machines) -> list[list[str]]:
    titles = {
        "web": "openings, until the web processes are full",
        "database": "openings, until a database node is full",
        "beat": "cities, until beat's tasks fill one worker process",
        "largest": "people of the largest city, until its run takes an hour of one worker",
    }
    rows = sorted(breaks_at(measured, province, machines).items(), key=lambda one: one[1])
    return [[titles[name], f"{times:.1f}"] for name, times in rows]


def _disk(stored: dict[str, float], province: Province) -> list[list[str]]:
    year = province.people * province.records * 365 * stored["record"] / BYTES_PER_TB
    return [
        ["a person, with two years of old records", f"{stored['person']:,.0f} bytes"],
        ["a record", f"{stored['record']:,.0f} bytes"],
        ["the province's people", f"{province.people * stored['person'] / BYTES_PER_TB:.2f} TB"],
        ["a year of its records, all kept", f"{year:.1f} TB"],
    ]
