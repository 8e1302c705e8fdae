"""``./run bench recompute``: the daily run against its floor and its peers, its growth and its memory."""

from contextlib import ExitStack

from bench import report, samples
from bench.a_city import SCHEMA, a_city, fresh_round, say
from bench.city import Size
from bench.floor import bare_floor, floor, keep_rows, rows_kept
from bench.measured import Measured
from bench.memory import peak_of_this_process
from bench.peers.engines import ENGINES, judge_with
from bench.peers.inputs import Pair, read
from bench.peers.orm_loop import Found, judge_in_a_loop
from bench.plot import bars
from bench.recompute_page import parts
from bench.rounds import BenchFailed, forget_runs, run_here, run_through_celery, workers
from codes.models import Run, Verdict
from regions.tenancy import in_city

GROWTH_WITH_FACTS = 24_000
WORKERS = (1, 2)


def main(*, people: int, with_facts: int | None, sample: int, rounds: int, no_growth: bool, no_celery: bool) -> None:
    """Measure and write the results."""
    size = Size(people, with_facts or people * 8 // 100)
    measured = Measured(size)
    with a_city(size):
        _run_and_floor(measured, rounds)
        _peers(measured, sample)
        if not no_celery:
            _through_celery(measured, rounds)
    if not no_growth:
        _growth(measured, people, rounds)
    _write(measured)


def _growth(measured: Measured, people: int, rounds: int) -> None:
    """Measure three cities in turns, with one more round than usual, as these runs are short and easily disturbed."""
    known = min(GROWTH_WITH_FACTS, people // 10)
    with ExitStack() as cities:
        sizes = (people // 10, people, people * 3)
        schemas = {grown: cities.enter_context(a_city(Size(grown, known), f"{SCHEMA}_{grown}")) for grown in sizes}
        for grown, schema in list(schemas.items()) * (rounds + 1):
            measured.growth.setdefault(grown, []).append(fresh_round(schema))


def _run_and_floor(measured: Measured, rounds: int) -> None:
    """Measure run and floor in turns, so that other load on the machine affects both."""
    for _ in range(rounds):
        measured.here.append(fresh_round())
        measured.own_memory = peak_of_this_process()
        measured.again.append(run_here(SCHEMA))
        if not measured.rows:
            keep_rows(SCHEMA)
            measured.rows = rows_kept(SCHEMA)
        measured.floors.append(floor(SCHEMA, with_diagnoses=False))
        measured.floors_with_diagnoses.append(floor(SCHEMA, with_diagnoses=True))
        measured.bare_floors.append(bare_floor(SCHEMA))
        said = ("floors", "floors_with_diagnoses", "bare_floors")
        say("  floors: " + ", ".join(f"{name} {getattr(measured, name)[-1].seconds:.2f} s" for name in said))


def _peers(measured: Measured, sample: int) -> None:
    """Measure the loop in a city without a run, rolled back, then the run that all peers are compared with."""
    forget_runs(SCHEMA)
    with in_city(SCHEMA):
        anybody, known = samples.everybody(sample), samples.with_facts(sample)
        spent, found = judge_in_a_loop(anybody)
        spent_known, found_known = judge_in_a_loop(known)
    measured.loop, measured.loop_with_facts = spent / len(anybody), spent_known / len(known)
    each, each_known = report.micro(measured.loop.seconds), report.micro(measured.loop_with_facts.seconds)
    say(f"  loop: {each} a person, {each_known} with facts")
    run_here(SCHEMA)
    with in_city(SCHEMA):
        _must_agree(anybody, found)
        _must_agree(known, found_known)
        inputs = read(Run.objects.latest("pk"), known)
        for engine in ENGINES:
            measured.engines[engine] = judge_with(engine, inputs, known) / len(known)
            say(f"  {engine}: {report.micro(measured.engines[engine])} a person with facts")


def _must_agree(citizens: list[int], found: Found) -> None:
    stored: dict[Pair, tuple[str, list[tuple[str, int]]]] = {
        (one.citizen_id, one.provider_id): (one.colour, sorted((hit["rule"], hit["fact_id"]) for hit in one.hits))
        for one in Verdict.objects.filter(citizen__in=citizens)
    }
    if stored != found:
        raise BenchFailed(
            f"the loop and the engine differ on {len(stored.keys() ^ found.keys())} verdicts or their hits"
        )


def _through_celery(measured: Measured, rounds: int) -> None:
    for processes in WORKERS:
        with workers(processes) as peaks:
            for _ in range(rounds):
                forget_runs(SCHEMA)
                spent = run_through_celery(SCHEMA)
                measured.celery.setdefault(processes, []).append(spent)
                say(f"  through Celery, {processes}: {spent:.2f} s")
        measured.worker_memory = max(measured.worker_memory, peaks.worker)
        measured.backend_memory = max(measured.backend_memory, peaks.backend)


def _write(measured: Measured) -> None:
    page = report.write("recompute", f"The daily run of {measured.size.people:,} people", parts(measured))
    people, known = measured.size.people, measured.size.with_facts
    ours, ours_known = measured.of("without_diagnosis").seconds / people, measured.of("evaluate").seconds / known
    bars(
        page.with_suffix(".svg"), "One person's verdicts", "µs per person with facts",
        [
            ("this engine, read and written", ours_known * 1e6),
            *((f"{engine}, judging only", spent * 1e6) for engine, spent in measured.engines.items()),
            ("Django loop, everything", measured.loop_with_facts.seconds * 1e6),
        ],
    )  # fmt: skip
    say(f"{report.micro(ours)} a person; written to bench/results/{page.name}")
