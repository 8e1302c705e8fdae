"""What some citizens' colours would be if what is written in this transaction stood: the engine over a run's frozen inputs."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection

from codes.engine.query import verdicts_of
from codes.models import Run
from regions.sql import compose
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")
THESE, DIFFERING = compose(SQL, "these"), compose(SQL, "differing")
COMPARE, PUT = compose(SQL, "compare"), compose(SQL, "put")


class ColourChange(NamedTuple):
    """``is_held``: both are held colours, since the provider's source is silent."""

    citizen_id: int
    provider: str
    before: str
    after: str
    is_held: bool = False


def preview_changes(run: Run, citizens: Sequence[int], *, known_at: datetime) -> list[ColourChange]:
    """Whose colour would change. Writes nothing; what the caller wrote in its transaction counts if known by ``known_at``."""
    with connection.cursor() as cursor:
        cursor.execute(f"{verdicts_of(THESE)},\n{DIFFERING}\n{COMPARE}", _values(run, citizens, known_at))
        return [ColourChange(*row) for row in cursor.fetchall()]


def put_previewed_verdicts(run: Run, citizens: Sequence[int], *, known_at: datetime) -> None:
    """Write what ``preview_changes`` compares with, to see what follows from it: also a colour that stays, by other hits.

    The caller rolls its transaction back.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"{verdicts_of(THESE)},\n{DIFFERING}\n{PUT}", _values(run, citizens, known_at))


def _values(run: Run, citizens: Sequence[int], known_at: datetime) -> dict[str, Any]:
    asked = {"run": run.pk, "day": run.day, "known_at": known_at, "zone": current_city().timezone}
    return {**asked, "citizens": list(citizens)}
