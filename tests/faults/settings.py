"""The portal's settings for the processes of the fault plans, whose clock shows the instant of the drawn cities and goes on from it."""

import os
import time
from datetime import datetime, timedelta

from django.utils import timezone

from portal.settings import *  # noqa: F403 - all of them

# ISO instant that the clock shows, and the second since the epoch at which it does.
BEGINS, SINCE = "FAULTS_CLOCK_BEGINS", "FAULTS_CLOCK_SINCE"
_begins, _since = datetime.fromisoformat(os.environ[BEGINS]), float(os.environ[SINCE])


def now() -> datetime:
    """The present instant in the cities."""
    return _begins + timedelta(seconds=time.time() - _since)


timezone.now = now
