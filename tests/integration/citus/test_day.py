"""The daily job on a cluster: its results equal the oracle's, and its rows equal those on plain PostgreSQL."""

import json

import pytest

from codes.models import Run, Verdict
from codes.reports.request import ReportName
from regions.tenancy import in_city
from tests.faults.cities import scene_of
from tests.integration.citus.cluster import Cluster
from tests.integration.citus.conftest import Lived
from tests.integration.citus.days import SIZES
from tests.integration.engine.comparing import city_says, differences, oracle_says
from tests.integration.journal.holding import journal_break

# The cities are made for the first test.
pytestmark = pytest.mark.timeout(1200)


@pytest.mark.parametrize("report", ReportName)
@pytest.mark.parametrize("schema", SIZES)
def test_exports_are_those_of_plain_postgresql(
    built: tuple[Cluster, Lived], lived_on_plain: Lived, schema: str, report: ReportName
) -> None:
    """Row by row; of the journal without the digests, which cover the city's own keys."""
    ours, plain = (one.exported[schema, report] for one in (built[1], lived_on_plain))
    assert plain or report == ReportName.APPEALS  # nobody appeals in the first two days
    assert list(map(_compared, ours)) == list(map(_compared, plain))


def _compared(line: str) -> object:
    row = json.loads(line)
    row.pop("digest", None)
    return row


@pytest.mark.parametrize("schema", SIZES)
def test_the_verdicts_of_the_first_day_are_the_oracles(
    cluster: Cluster, built: tuple[Cluster, Lived], schema: str
) -> None:
    scene = scene_of(SIZES[schema])
    with in_city(schema):
        first = Run.objects.order_by("pk").first()
        assert first is not None
        said = city_says(first, built[1].keys[schema], first.changes.all())
        assert differences(said, oracle_says(scene)) == []
        assert Verdict.objects.exists()
        assert journal_break() is None
