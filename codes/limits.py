"""Limits of how often something may be asked for: a number of requests within a window."""

from datetime import datetime, timedelta
from math import ceil


class TooOften(ValueError):
    """It was asked for too often.

    ``seconds`` is the time to wait, which does not depend on whether a number is somebody's.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f"ask again in {seconds} seconds")
        self.seconds = seconds


def wait_of(asked: list[datetime], limits: tuple[tuple[timedelta, int], ...], *, now: datetime) -> int:
    """Return the whole seconds until all limits (window, number) allow another request.

    ``asked`` is sorted, the latest first.
    """
    frees = [asked[count - 1] + window for window, count in limits if len(asked) >= count]
    return max([0, *(ceil((free - now).total_seconds()) for free in frees)])
