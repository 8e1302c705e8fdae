"""The clock of the journeys: it begins at one instant, goes on as clocks do, and can be moved forward."""

import time
from datetime import datetime, timedelta


class Clock:
    """What ``django.utils.timezone.now`` is while the journeys last; every thread of the server reads it."""

    def __init__(self, begins: datetime) -> None:
        self._begins = begins
        self._started = time.monotonic()

    def __call__(self) -> datetime:
        """The present instant."""
        return self._begins + timedelta(seconds=time.monotonic() - self._started)

    def move(self, forward: timedelta) -> None:
        """Let that much time pass at once."""
        self._begins += forward
