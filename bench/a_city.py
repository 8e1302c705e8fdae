"""The city a bench works in, and one round in it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from bench.city import Size, build, drop
from bench.rounds import Round, forget_runs, run_here
from regions.opening import prepare_database
from regions.tenancy import as_owner

SCHEMA = "bench_city"


@contextmanager
def a_city(size: Size) -> Iterator[None]:
    """A city of this size for the block, in a prepared database."""
    say(f"building a city of {size.people:,} …")
    with as_owner():
        prepare_database()
    drop(SCHEMA)
    build(SCHEMA, size, now=timezone.now())
    try:
        yield
    finally:
        drop(SCHEMA)


def fresh_round() -> Round:
    """The city's run as if it were its first."""
    forget_runs(SCHEMA)
    done = run_here(SCHEMA)
    say(
        f"  here: {done.total.seconds:.2f} s = {done.evaluate.seconds:.2f} judged, {done.settle.seconds:.2f} settled, "
        f"{done.diagnosis.seconds:.2f} diagnosed; processor {done.total.processor:.2f} s"
    )
    return done


def say(what: str) -> None:
    """Tell who waits."""
    print(what, flush=True)
