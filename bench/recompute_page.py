"""The page of ``./run bench recompute``: every table with what it says."""

from bench.clock import middle
from bench.measured import Measured
from bench.report import Row, micro, promise, seconds, table

FLOOR_LIMIT, LOOP_LIMIT, GROWTH_LIMIT, MEMORY_LIMIT = 4, 100, 1.5, 300


def parts(measured: Measured) -> list[str]:
    """Everything under the title."""
    said = [_city(measured), "## What is promised\n", _promises(measured), "## The daily run\n", _runs(measured)]
    said += ["## One person\n", _people(measured)]
    if measured.growth:
        said += ["## Growth, the people with facts staying the same\n", _growth(measured)]
    return [*said, "## Memory\n", _memory(measured)]


def _city(measured: Measured) -> str:
    rows = measured.rows
    return (
        f"Two providers on two sources, the shipped national and Sichuan-like rule sets; {measured.size.with_facts:,} people have "
        f"facts ({measured.size.facts_each} each), half of those check in. The run is the city's first, so it writes everything: "
        f"{rows['codes_verdict']:,} verdicts that are not green, {rows['codes_effectivechange']:,} changed effective codes, "
        f"{rows['codes_disagreement']:,} disagreements, each diagnosed and with a case. Medians of {len(measured.here)} rounds "
        "that take turns.\n"
    )


def _promises(measured: Measured) -> str:
    rows = [
        promise(
            f"the run without diagnosis, in floors (at most {FLOOR_LIMIT})",
            measured.of("without_diagnosis") / middle(measured.floors),
            FLOOR_LIMIT,
        ),
        promise(
            f"a person of the city, times faster than the Django loop (at least {LOOP_LIMIT})",
            measured.loop / (measured.of("without_diagnosis") / measured.size.people),
            LOOP_LIMIT,
            at_least=True,
        ),
    ]
    if measured.celery:
        rows.append(promise(f"memory of a worker, MiB (at most {MEMORY_LIMIT})", measured.worker_memory, MEMORY_LIMIT))
    if measured.growth:
        small, large = sorted(measured.growth)[1:]
        grown = _total(measured, large) / _total(measured, small)
        rows.append(promise(f"three times the people, times the time (at most {GROWTH_LIMIT})", grown, GROWTH_LIMIT))
    return table(["promise", "measured", "kept"], rows)


def _runs(measured: Measured) -> str:
    floor, whole = middle(measured.floors), middle(measured.floors_with_diagnoses)
    without, total = measured.of("without_diagnosis"), measured.of("total")
    again = middle([one.total for one in measured.again])
    rows: list[Row] = [
        ["floor: inputs scanned, rows written, bare SQL", seconds(floor), "1"],
        ["`recompute --here` without diagnosis", seconds(without), f"{without / floor:.1f}"],
        ["… judging the people", seconds(measured.of("evaluate")), ""],
        ["… settling: verdicts in force, effective codes, disagreements, cases", seconds(measured.of("settle")), ""],
        ["floor with the diagnoses' rows", seconds(whole), "1"],
        ["`recompute --here`, all of it", seconds(total), f"{total / whole:.1f}"],
        ["… diagnosing", seconds(measured.of("diagnosis")), ""],
        ["a second run that finds nothing to change", seconds(again), ""],
    ]
    if measured.celery:
        celery = middle(measured.celery)
        rows.append(["through Celery, 2 worker processes, all of it", seconds(celery), f"{celery / whole:.1f}"])
    return table(["", "time", "× its floor"], rows)


def _people(measured: Measured) -> str:
    people, known = measured.size.people, measured.size.with_facts
    anybody, judged = measured.of("without_diagnosis") / people, measured.of("evaluate") / known
    settled = measured.of("without_diagnosis") / known
    rows: list[Row] = [
        ["this portal, everything but the diagnosis, per person of the city", micro(anybody), "1"],
        ["Django loop, the same work, per person of the city", micro(measured.loop), f"{measured.loop / anybody:.0f}"],
        ["this portal, the same per person with facts", micro(settled), "1"],
        ["Django loop, the same per person with facts", micro(measured.loop_with_facts), f"{measured.loop_with_facts / settled:.0f}"],
        ["this portal, verdicts alone, read, judged and written, per person with facts", micro(judged), "1"],
        *(
            [f"{engine}, judging alone, per person with facts", micro(spent), f"{spent / judged:.1f}"]
            for engine, spent in measured.engines.items()
        ),
    ]  # fmt: skip
    return (
        "The peers judge a sample and must find what the engine finds, or the bench fails. The rule engines are given facts "
        "that are already read, and are not asked to write; days, unbroken check-ins, risk areas and what clears a fact are "
        "worked out for them in Python, which is counted.\n\n" + table(["", "time", "× ours"], rows)
    )


def _growth(measured: Measured) -> str:
    rows: list[Row] = []
    first = _total(measured, min(measured.growth))
    for people in sorted(measured.growth):
        total = _total(measured, people)
        rows.append([f"{people:,}", seconds(total), f"{total / first:.2f}"])
    return table(["people", "`recompute --here`", "× the smallest"], rows)


def _total(measured: Measured, people: int) -> float:
    return middle([one.total for one in measured.growth[people]])


def _memory(measured: Measured) -> str:
    rows: list[Row] = [["`recompute --here`, with what the bench itself holds", f"{measured.own_memory:.0f} MiB"]]
    if measured.celery:
        rows += [
            ["a Celery worker process (of two)", f"{measured.worker_memory:.0f} MiB"],
            ["a PostgreSQL backend, beyond the shared buffers", f"{measured.backend_memory:.0f} MiB"],
        ]
    return table(["at most", ""], rows)
