"""Entries of people and providers are imported into a city on a cluster as on plain PostgreSQL."""

from datetime import timedelta

import pytest

from codes.models import CheckInDays, Entry, Fact
from regions.tenancy import in_city
from tests.integration.citus.cluster import Cluster
from tests.integration.citus.conftest import OPENED_AT
from tests.integration.journal.holding import journal_break
from tests.integration.lines import check_in, declaration, outcomes, take

# The cities are made for the first test.
pytestmark = pytest.mark.timeout(1200)


def test_declarations_and_check_ins_are_taken(cluster: Cluster) -> None:
    """A healthy day is added, one that turns out unhealthy is taken away, and is a symptom."""
    now = OPENED_AT + timedelta(days=20)
    with in_city("alpha"):
        days = ["2026-11-18", "2026-11-19", "2026-11-20"]
        healthy = [check_in(entry_id=day, day=day) for day in days]
        assert set(outcomes(take(declaration(), *healthy, now=now))) == {"accepted"}
        later = "2026-11-20T13:00:00+08:00"
        unwell = check_in(entry_id="unwell", day=days[-1], healthy=False, submitted_at=later)
        assert outcomes(take(unwell, now=now)) == ["accepted"]

        assert Entry.objects.count() == 5
        assert CheckInDays.objects.get().days == "{[2026-11-18,2026-11-20)}"
        assert Fact.objects.filter(kind="symptom").count() == 1
        assert journal_break() is None
