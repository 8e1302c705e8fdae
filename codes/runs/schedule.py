"""When a city's daily run is due: once a day, in the city's night, cities spread over two hours."""

from datetime import datetime, time, timedelta
from zlib import crc32

from codes.models import Run
from codes.runs.ledger import start_run
from regions.tenancy import current_city

FIRST_MINUTE = time(4, 0)
SPREAD_MINUTES = 120


def start_if_due(*, now: datetime) -> Run | None:
    """Open today's run when its minute has come and the day has none yet."""
    city = current_city()
    local = now.astimezone(city.zone)
    due = datetime.combine(local.date(), FIRST_MINUTE, city.zone) + stagger(city.schema_name)
    if local < due or Run.objects.filter(day=local.date()).exists():
        return None
    run, opened = start_run(by="system", now=now)
    return run if opened else None


def stagger(schema: str) -> timedelta:
    """The city's place in the spread; the same every day."""
    return timedelta(minutes=crc32(schema.encode()) % SPREAD_MINUTES)
