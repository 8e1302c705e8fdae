"""How long somebody has to wait for another code, as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from codes.citizens.sign_in import PAUSE, PER_NUMBER
from codes.limits import wait_of

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
LIMITS = ((PAUSE, 1), *PER_NUMBER)


@pytest.mark.parametrize(
    ("minutes_ago", "seconds"),
    [
        ([], 0),
        ([0], 60),
        ([0.5], 30),
        ([1], 0),
        ([2, 4, 6, 8], 0),
        ([2, 4, 6, 8, 20], 40 * 60),
        ([2, 4, 6, 8, 60], 0),
        ([61, 120, 180, 240, 300, 360, 420, 480, 540, 1439], 60),
        ([61, 120, 180, 240, 300, 360, 420, 480, 540, 1440], 0),
    ],
)
def test_the_longest_wait_counts(minutes_ago: list[float], seconds: int) -> None:
    asked = [NOW - timedelta(minutes=minutes) for minutes in minutes_ago]
    assert wait_of(asked, LIMITS, now=NOW) == seconds
