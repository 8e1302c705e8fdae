"""Fixtures of two cities that know each other: the citizens belong to beta and show their passes in alpha."""

from datetime import datetime

import pytest

from codes.cities.neighbours import note_neighbours
from codes.models import Provider, RuleSet, RuleSetVersion
from regions.sources.models import Source
from regions.tenancy import in_city
from tests.integration.cities.wire import Wire, lay_wire
from tests.integration.review.desk import Desk, open_desk


@pytest.fixture
def wire(db: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Wire:
    """The network between the two cities. The time is always ``now``."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    assert note_neighbours(now=now) == 2
    return lay_wire(monkeypatch)


@pytest.fixture
def there(wire: Wire, now: datetime) -> Desk:
    """The officials of beta, where zhang is red and chen yellow."""
    with in_city("beta"):
        return desk_of_two(now)


def desk_of_two(now: datetime) -> Desk:
    """Open the current city anew. Return its officials."""
    for model in (Provider, RuleSetVersion, RuleSet, Source):
        model.objects.all().delete()
    return open_desk({"zhang": "spacetime_overlap", "chen": "arrival"}, now=now)
