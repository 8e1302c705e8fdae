"""The portal's settings for the processes of the fault plans. Their clock starts at the instant of the drawn cities."""

import os
import time
from datetime import datetime, timedelta

from django.utils import timezone

from portal.settings import *  # noqa: F403 - all of them

# Environment variables: the ISO instant at which the clock starts, and the real time of that, in seconds since the epoch.
BEGINS, SINCE = "FAULTS_CLOCK_BEGINS", "FAULTS_CLOCK_SINCE"
_begins, _since = datetime.fromisoformat(os.environ[BEGINS]), float(os.environ[SINCE])


def now() -> datetime:
    """Return the present instant in the cities."""
    return _begins + timedelta(seconds=time.time() - _since)


timezone.now = now
