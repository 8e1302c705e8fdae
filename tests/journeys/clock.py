"""The clock of the journeys: it starts at a fixed instant, runs at normal speed, and can be moved forward."""

import time
from datetime import datetime, timedelta


class Clock:
    """Replaces ``django.utils.timezone.now`` during the journeys, in all threads of the server."""

    def __init__(self, begins: datetime) -> None:
        self._begins = begins
        self._started = time.monotonic()

    def __call__(self) -> datetime:
        """Return the present instant."""
        return self._begins + timedelta(seconds=time.monotonic() - self._started)

    def move(self, forward: timedelta) -> None:
        """Let that much time pass at once."""
        self._begins += forward
