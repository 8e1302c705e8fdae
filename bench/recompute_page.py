"""The page of ``./run bench recompute``: its tables and their explanations."""

from bench.clock import Watch, middle, typical
from bench.measured import Measured
from bench.report import Row, micro, promise, seconds, table

FLOOR_LIMIT, LOOP_LIMIT, GROWTH_LIMIT, WORKERS_LIMIT, MEMORY_LIMIT = 4, 100, 1.5, 1.6, 300


def parts(measured: Measured) -> list[str]:
    """Return everything below the title."""
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
    run, total = measured.of("without_diagnosis"), measured.of("total").seconds
    without, anybody = run.seconds, run / measured.size.people
    floor, whole = typical(measured.floors).seconds, typical(measured.floors_with_diagnoses).seconds
    rows = [
        promise(f"the whole run, in floors (at most {FLOOR_LIMIT})", total / whole, FLOOR_LIMIT),
        promise(f"the run without diagnosis, in floors (at most {FLOOR_LIMIT})", without / floor, FLOOR_LIMIT),
        promise(
            f"a person of the city, times faster than the Django loop (at least {LOOP_LIMIT})",
            measured.loop.seconds / anybody.seconds,
            LOOP_LIMIT,
            at_least=True,
        ),
        promise(
            f"the same of the processor (at least {LOOP_LIMIT})",
            measured.loop.processor / anybody.processor,
            LOOP_LIMIT,
            at_least=True,
        ),
    ]
    if measured.celery:
        one, two = (middle(spent) for _, spent in sorted(measured.celery.items()))
        said = f"two worker processes, times as fast as one (at least {WORKERS_LIMIT})"
        rows.append(promise(said, one / two, WORKERS_LIMIT, at_least=True))
        rows.append(promise(f"memory of a worker, MiB (at most {MEMORY_LIMIT})", measured.worker_memory, MEMORY_LIMIT))
    if measured.growth:
        small, large = sorted(measured.growth)[1:]
        grown = _total(measured, large).seconds / _total(measured, small).seconds
        rows.append(promise(f"three times the people, times the time (at most {GROWTH_LIMIT})", grown, GROWTH_LIMIT))
    return table(["promise", "measured", "kept"], rows)


def _runs(measured: Measured) -> str:
    floor, whole, bare = (
        typical(floors) for floors in (measured.floors, measured.floors_with_diagnoses, measured.bare_floors)
    )
    without, total = measured.of("without_diagnosis"), measured.of("total")
    rows: list[Row] = [
        _times("floor: inputs scanned, rows written, bare SQL", floor, floor),
        _times("`recompute --here` without diagnosis", without, floor),
        _part("… judging the people", measured.of("evaluate")),
        _part("… settling: verdicts in force, effective codes, disagreements, cases", measured.of("settle")),
        _times("floor with the diagnoses' rows", whole, whole),
        _times("`recompute --here`, all of it", total, whole),
        _part("… diagnosing", measured.of("diagnosis")),
        _part("a second run that finds nothing to change", typical([one.total for one in measured.again])),
        _times("floor of the run without diagnosis, spared all foreign keys", bare, bare),
        _times("`recompute --here` without diagnosis, not spared them", without, bare),
    ]
    if measured.celery:
        for processes, spent in sorted(measured.celery.items()):
            said, clock = f"through Celery, worker processes: {processes}, all of it", middle(spent)
            rows.append([said, seconds(clock), f"{clock / whole.seconds:.1f}", "", ""])
    return table(["", "time", "× its floor", "processor", "× its floor"], rows)


def _times(said: str, spent: Watch, floor: Watch) -> Row:
    on_clock, of_processor = spent.seconds / floor.seconds, spent.processor / (floor.processor or spent.processor)
    return [said, seconds(spent.seconds), f"{on_clock:.1f}", seconds(spent.processor), f"{of_processor:.1f}"]


def _part(said: str, spent: Watch) -> Row:
    return [said, seconds(spent.seconds), "", seconds(spent.processor), ""]


def _people(measured: Measured) -> str:
    people, known = measured.size.people, measured.size.with_facts
    run, judged = measured.of("without_diagnosis"), measured.of("evaluate") / known
    rows: list[Row] = [
        _peer("this portal, everything but the diagnosis, per person of the city", run / people, run / people),
        _peer("Django loop, the same work, per person of the city", measured.loop, run / people),
        _peer("this portal, the same per person with facts", run / known, run / known),
        _peer("Django loop, the same per person with facts", measured.loop_with_facts, run / known),
        _peer("this portal, verdicts alone, read, judged and written, per person with facts", judged, judged),
    ]
    for engine, spent in measured.engines.items():
        said = f"{engine}, judging alone, per person with facts"
        rows.append([said, micro(spent), f"{spent / judged.seconds:.1f}", "", ""])
    return (
        "The peers judge a sample and must find what the engine finds, or the bench fails. The rule engines are given facts "
        "that are already read, and are not asked to write; days, unbroken check-ins, risk areas and what clears a fact are "
        "worked out for them in Python, which is counted.\n\n"
        + table(["", "time", "× ours", "processor", "× ours"], rows)
    )


def _peer(said: str, spent: Watch, ours: Watch) -> Row:
    on_clock, of_processor = spent.seconds / ours.seconds, spent.processor / (ours.processor or spent.processor)
    return [said, micro(spent.seconds), f"{on_clock:.0f}", micro(spent.processor), f"{of_processor:.0f}"]


def _growth(measured: Measured) -> str:
    first = _total(measured, min(measured.growth))
    rows = [_times(f"{people:,}", _total(measured, people), first) for people in sorted(measured.growth)]
    return table(["people", "`recompute --here`", "× the smallest", "processor", "× the smallest"], rows)


def _total(measured: Measured, people: int) -> Watch:
    return typical([one.total for one in measured.growth[people]])


def _memory(measured: Measured) -> str:
    rows: list[Row] = [["`recompute --here`, with what the bench itself holds", f"{measured.own_memory:.0f} MiB"]]
    if measured.celery:
        rows += [
            ["a Celery worker process (of two)", f"{measured.worker_memory:.0f} MiB"],
            ["a PostgreSQL backend, beyond the shared buffers", f"{measured.backend_memory:.0f} MiB"],
        ]
    return table(["at most", ""], rows)
