"""The city of a bench, and one round of a run in it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from bench.city import Size, build, drop
from bench.rounds import Round, forget_runs, run_here
from regions.schemas import prepare_database
from regions.tenancy import as_owner

SCHEMA = "bench_city"


@contextmanager
def a_city(size: Size, schema: str = SCHEMA) -> Iterator[str]:
    """Build a city of this size in a prepared database and drop it after the block. Yield its schema."""
    say(f"building a city of {size.people:,} …")
    with as_owner():
        prepare_database()
    drop(schema)
    build(schema, size, now=timezone.now())
    try:
        yield schema
    finally:
        drop(schema)


def fresh_round(schema: str = SCHEMA) -> Round:
    """Return a round of the city's run as if it were its first."""
    forget_runs(schema)
    done = run_here(schema)
    say(
        f"  here: {done.total.seconds:.2f} s = {done.evaluate.seconds:.2f} judged, {done.settle.seconds:.2f} settled, "
        f"{done.diagnosis.seconds:.2f} diagnosed; processor {done.total.processor:.2f} s"
    )
    return done


def say(what: str) -> None:
    """Print a line of progress."""
    print(what, flush=True)
