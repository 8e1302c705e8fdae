"""The daily run of a big city: in this process, beside the bare-SQL floor and a per-person loop, in one go."""

import platform
import resource
import time
from pathlib import Path

import psutil
from django.db import connection
from django.utils import timezone

from bench.city import Size, build, drop
from bench.floor import WRITTEN, seconds_of_floor
from bench.peers import orm_loop
from codes.models import Fact, Run, Verdict
from codes.runs.ledger import start_run
from codes.runs.steps import run_here
from regions.opening import prepare_database
from regions.tenancy import as_owner, in_city

RESULTS = Path(__file__).parent / "results"
SCHEMA = "bench"
SAMPLE = 300


def measure(people: int, with_facts: int) -> None:
    """Build the city, measure, print the table and keep it in ``bench/results``."""
    with as_owner():
        prepare_database()
    drop(SCHEMA)
    build(SCHEMA, Size(people, with_facts), now=timezone.now())
    with in_city(SCHEMA):
        rows = _measured(with_facts)
    drop(SCHEMA)
    table = "\n".join(["| what | seconds | note |", "|---|---:|---|", *(f"| {a} | {b} | {c} |" for a, b, c in rows)])
    text = f"# recompute, {people:,} people, {with_facts:,} with facts\n\n{_machine()}\n\n{table}\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"recompute-{people}-{with_facts}.md").write_text(text)
    print(text)


def _measured(with_facts: int) -> list[tuple[str, str, str]]:
    marks: list[tuple[str, float]] = []
    run, _ = start_run(by="bench", now=timezone.now(), collects=False)
    started = time.perf_counter()
    run = run_here(run.pk, clock=timezone.now, progress=lambda now: marks.append((now.state, time.perf_counter())))
    whole = time.perf_counter() - started
    judged = max(at for state, at in marks if state == Run.State.EVALUATING) - started
    verdicts = seconds_of_floor(run, tables=["codes_verdictchange", "codes_verdict"])
    floor = seconds_of_floor(run, tables=list(WRITTEN))
    each, same = _per_person(run)
    ours = whole / with_facts
    return [
        ("whole run, here", f"{whole:.2f}", f"{whole / floor:.1f} × the floor"),
        ("– verdicts", f"{judged:.2f}", f"{judged / verdicts:.1f} × their floor"),
        (
            "– settling, with diagnosis",
            f"{whole - judged:.2f}",
            f"{run.counts['disagreements']['opened']:,} disagreements",
        ),
        ("floor: scan and write the same rows", f"{floor:.2f}", f"verdicts alone {verdicts:.2f}"),
        ("ORM loop, per person with facts", f"{each:.5f}", f"{each / ours:.0f} × ours ({ours:.6f}); {same}"),
        (
            "memory of this process",
            f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB",
            "peak resident",
        ),
    ]


def _per_person(run: Run) -> tuple[float, str]:
    """Seconds a person of the loop on a sample of people who do not check in, and whether it says what the engine says."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT citizen_id FROM codes_fact f WHERE NOT EXISTS"
            " (SELECT FROM codes_checkindays k WHERE k.citizen_id = f.citizen_id) LIMIT %s",
            [SAMPLE],
        )
        sample = [citizen for (citizen,) in cursor.fetchall()]
    started = time.perf_counter()
    told = orm_loop.judge(run, sample)
    each = (time.perf_counter() - started) / len(sample)
    ours = {(v.citizen_id, v.provider_id): v.colour for v in Verdict.objects.filter(citizen__in=sample)}
    if told != ours:
        raise RuntimeError(
            f"the loop and the engine differ about {len(set(told.items()) ^ set(ours.items()))} verdicts"
        )
    return each, f"same verdicts on {len(sample)} people, {Fact.objects.filter(citizen__in=sample).count()} facts"


def _machine() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
    memory = psutil.virtual_memory().total / 2**30
    return f"{psutil.cpu_count()} cores, {memory:.0f} GiB, PostgreSQL {version}, Python {platform.python_version()}."
