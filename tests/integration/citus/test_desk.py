"""A city on a cluster: gates verify passes, and front ends receive decisions, alarms and cases."""

from datetime import UTC, datetime, timedelta

import pytest

from codes.gates.check import check_pass
from codes.models import WebhookDelivery
from codes.opening import open_city
from codes.passes.issuing import issue_pass
from codes.passes.results import CheckResult
from codes.rule_sets.version_file import read_versions
from regions.city_file import read_city_file
from regions.tenancy import as_owner, in_city
from tests.conftest import empty_city
from tests.integration.citus.cluster import Cluster
from tests.integration.citus.conftest import OPENED_AT
from tests.integration.journal.holding import journal_break
from tests.integration.review.desk import Desk, an_alarm, open_desk
from tests.integration.webhooks.receiver import ALARM, CODE, DECIDED, OPENED, declared, hook
from tests.own_database import CITY_FILES

# The cities are made for the first test.
pytestmark = pytest.mark.timeout(1200)

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
ADDRESS = "http://127.0.0.1:9/"


@pytest.fixture
def desk(cluster: Cluster, sources_anywhere_here: None) -> Desk:
    file = read_city_file(CITY_FILES / "beta.toml")
    with as_owner():
        open_city(file, read_versions(file.path, file.rule_sets), by="tests", now=OPENED_AT)
    with in_city("beta"):
        empty_city()
        return open_desk({"zhang": "spacetime_overlap", "chen": "arrival"}, now=NOW)


def test_gates_check_and_front_ends_are_told(desk: Desk) -> None:
    """The rows of the scans and of what is told are given ids, whichever server stores them."""
    with in_city("beta"):
        hook(ADDRESS, now=NOW)
        hook(ADDRESS, None, events=(ALARM,), now=NOW)
        declared("zhang", "w-zhang", at=NOW)

        token, _ = issue_pass(desk.citizen("zhang"), now=NOW)
        checked = [check_pass(token, by=f"gate:{gate}", now=NOW + timedelta(seconds=gate)) for gate in (1, 2)]
        assert [one.result for one in checked] == [CheckResult.OK, CheckResult.REPLAYED]

        desk.approve(desk.propose("zhang", "green"))
        an_alarm(now=NOW)
        told = WebhookDelivery.objects.order_by("event").values_list("event", "person")
        assert set(told) >= {(ALARM, ""), (CODE, "w-zhang"), (DECIDED, "w-zhang")}
        assert not WebhookDelivery.objects.filter(event=OPENED).exists()
        assert journal_break() is None
