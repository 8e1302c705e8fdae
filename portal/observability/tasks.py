"""The beat of the machinery: a note that is only written when beat, broker, a worker and the database all do their part."""

from datetime import datetime, timedelta

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

KEY = "observability.beat"
KEPT_FOR = timedelta(days=30)


@shared_task(name="portal.note_beat")
def note_beat() -> None:
    """A message that waited longer than it expires is no beat: beat sends them with ``expires``."""
    cache.set(KEY, timezone.now().isoformat(), timeout=KEPT_FOR.total_seconds())


def last_beat() -> datetime | None:
    """When a worker did the last note. Call in no city."""
    noted = cache.get(KEY)
    return datetime.fromisoformat(noted) if noted else None
