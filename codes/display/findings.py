"""Find wrongly displayed colours (``docs/semantics.md`` §7). A finding never changes a verdict and never opens a case."""

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery

from codes.display.items import settle_items
from codes.engine.subjects import unjudged
from codes.models import Displayed, DisplayFinding, DisplayItem, Run
from codes.validity import DAYS_AFTER
from regions.locks import advisory_lock
from regions.sql import compose
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")


def _judge(which: str) -> str:
    concerns = {name: compose(SQL, "concerns", citizen=f"{name}.citizen_id") for name in ("m", "l", "w")}
    of_run = unjudged("run.id")
    return compose(
        SQL,
        "judge",
        which=which,
        concerns_line=concerns["l"],
        concerns_wrong=concerns["w"],
        stood=compose(SQL, "stood", moments="since_shown", concerns=concerns["m"], unjudged=of_run),
        stood_earlier=compose(SQL, "stood", moments="earlier", concerns=concerns["m"], unjudged=of_run),
    )


CAN_BE_CHANGED = compose(SQL, "of_everybody")
OF_EVERYBODY, OF_CITIZENS = _judge(CAN_BE_CHANGED), _judge(compose(SQL, "of_citizens"))
EXPLAIN, NOTE = compose(SQL, "explain"), compose(SQL, "note")
# For this time after a change, displaying the earlier colour is taken for a cache and not for a wrong map.
LATELY = timedelta(days=2)
# The least number of people for the finding that a value is mapped to another colour.
LEAST_PEOPLE = 3


def update_findings(*, now: datetime, citizens: Collection[int] | None = None) -> None:
    """Update findings and their items: those of these citizens after new lines, or all that a run or a ruling can have changed.

    Safe to call at any time and any number of times.
    """
    asked: dict[str, Any] = {
        "now": now,
        "counted": list(Run.COUNTED),
        "days": DAYS_AFTER + 1,
        "zone": current_city().timezone,
        "citizens": sorted(citizens or ()),
        "lately": LATELY,
        "least": LEAST_PEOPLE,
    }
    with transaction.atomic():
        # One caller at a time, so that the rows of ``DisplayChange`` become visible in the order of their ids.
        advisory_lock("displayed colours")
        with connection.cursor() as cursor:
            if citizens is None:
                # Usually no wrong colour is displayed; the full query would then take longer than the rest of a small city's settling.
                cursor.execute(f"SELECT EXISTS ({CAN_BE_CHANGED})")
                ((is_any,),) = cursor.fetchall()
                if not is_any and not DisplayItem.objects.standing().exists():
                    return
            cursor.execute(OF_EVERYBODY if citizens is None else OF_CITIZENS, asked)
            cursor.execute(EXPLAIN, asked)
            cursor.execute(NOTE, {"now": now})
        settle_items(now=now)


def findings_of(citizen_id: int) -> list[DisplayFinding]:
    """Return the standing findings about this citizen, ordered by the provider's code."""
    standing = DisplayFinding.objects.filter(citizen=citizen_id, closed_at__isnull=True)
    return list(standing.select_related("provider").order_by("provider__code"))


def displayed_of(citizen_id: int) -> list[Displayed]:
    """Return what each provider displayed last to this citizen, with the ``cause`` and ``old_since`` of a finding, if any."""
    standing = DisplayFinding.objects.filter(citizen=citizen_id, provider=OuterRef("provider"), closed_at__isnull=True)
    shown = Displayed.objects.filter(citizen=citizen_id).select_related("provider").order_by("provider__code")
    wrong = {name: Subquery(standing.values(name)[:1]) for name in ("cause", "old_since")}
    return list(shown.annotate(**wrong))
