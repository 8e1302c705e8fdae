"""The beat: a note that is written only if beat, broker, a worker and the database all work."""

from datetime import datetime, timedelta

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

KEY = "observability.beat"
KEPT_FOR = timedelta(days=30)


@shared_task(name="portal.note_beat")
def note_beat() -> None:
    """Write the note. Beat sends the task with ``expires``, so that a message that waited too long writes none."""
    cache.set(KEY, timezone.now().isoformat(), timeout=KEPT_FOR.total_seconds())


def last_beat() -> datetime | None:
    """Return when a worker last wrote the note. Call in no city."""
    noted = cache.get(KEY)
    return datetime.fromisoformat(noted) if noted else None
