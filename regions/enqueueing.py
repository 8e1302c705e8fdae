"""Enqueueing a task. All state is in the database, so that a message may be lost, doubled or late."""

import logging
from typing import Any

from celery.exceptions import OperationalError

log = logging.getLogger(__name__)
# A message that no worker has taken by then is dropped, so that old messages do not accumulate in the broker (seconds).
EXPIRES_AFTER = 300.0
# After a restart of the broker the first attempt fails on the old connection.
ONCE_MORE = {"max_retries": 1, "interval_start": 0, "interval_step": 0}


def enqueue(task: Any, *args: object, expires: float = EXPIRES_AFTER) -> bool:
    """Enqueue the task. Return whether the broker took the message.

    If it did not, the sweep enqueues the work of a row again within seconds; work without a row has to be asked for again.
    """
    try:
        task.apply_async(args=args, expires=expires, retry=True, retry_policy=ONCE_MORE)
    except OperationalError as fault:
        log.warning("no broker to enqueue %s: %s", task.name, type(fault).__name__)
        return False
    return True
