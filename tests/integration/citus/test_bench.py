"""``./run bench coordinator`` runs, and measures a city on a node and one in the coordinator's own tables."""

from pathlib import Path

import pytest
from django.test import override_settings

from bench import coordinator, province, report
from bench.a_city import SCHEMA
from bench.servers import Spent
from regions.models import City
from tests.integration.citus.cluster import Cluster, Node
from tests.own_database import database_urls

# The cities are made for the first test.
pytestmark = pytest.mark.timeout(1200)


def test_a_coordinator_is_measured(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each part once, in cities as small as can be. How long anything takes decides nothing."""
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    for name, value in database_urls().items():
        monkeypatch.setenv(name, value)
    for module, name, number in (
        (coordinator, "PEOPLE_SHOWN", 100), (coordinator, "STATEMENTS", 10), (coordinator, "DAYS", 3), (province, "BROWSERS", 4),
        (province, "RECORDS", 100),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, number)
    # Beat's tasks go through all cities of the database, and would open runs of the other tests' cities.
    monkeypatch.setattr(coordinator, "live_on", lambda: (0.0, Spent()))
    placed: list[Node | None] = []
    measured = coordinator._statement

    def noted() -> Spent:
        placed.append(cluster.places().get(SCHEMA))
        return measured()

    monkeypatch.setattr(coordinator, "_statement", noted)
    with override_settings(CITY_LOGINS=False):  # as the web server of the bench has it, which is a process of its own
        coordinator.main(people=300, sample=5)
    page = (tmp_path / "coordinator.md").read_text(encoding="utf-8")
    for said in ("a gate has a pass checked", "a record collected", "beat's tasks", "half of them left free"):
        assert said in page
    own, there = placed
    assert own is None
    assert there in cluster.nodes[1:]
    assert not City.objects.filter(schema_name__startswith="bench_").exists()
