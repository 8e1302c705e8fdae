"""Preview citizens' colours as they would be if the current transaction were committed, by the engine and a run's frozen inputs."""

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
    """A change of a citizen's colour with one provider.

    ``is_held``: both are held colours, because the provider's source is silent.
    """

    citizen_id: int
    provider: str
    before: str
    after: str
    is_held: bool = False


def preview_changes(run: Run, citizens: Sequence[int], *, known_at: datetime) -> list[ColourChange]:
    """Return the changes of colour that would follow. Writes nothing.

    What the caller has written in its transaction counts if it is known by ``known_at``.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"{verdicts_of(THESE)},\n{DIFFERING}\n{COMPARE}", _values(run, citizens, known_at))
        return [ColourChange(*row) for row in cursor.fetchall()]


def put_previewed_verdicts(run: Run, citizens: Sequence[int], *, known_at: datetime) -> None:
    """Write the verdicts that ``preview_changes`` computes, so that the caller can see their consequences.

    Verdicts with the same colour but other hits are written too. The caller must roll back its transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"{verdicts_of(THESE)},\n{DIFFERING}\n{PUT}", _values(run, citizens, known_at))


def _values(run: Run, citizens: Sequence[int], known_at: datetime) -> dict[str, Any]:
    asked = {"run": run.pk, "day": run.day, "known_at": known_at, "zone": current_city().timezone}
    return {**asked, "citizens": list(citizens)}
