"""What tests of many rooms begin with."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

import pytest

from regions.tenancy import in_city
from tests.conftest import Keep, empty_city
from tests.integration.review.desk import Desk, open_desk

People = tuple[tuple[str, str], ...]


class OpenDesk(Protocol):
    """``then`` is what else happens at the desk before the test."""

    def __call__(
        self, people: Mapping[str, str], *, now: datetime, then: Callable[[Desk], None] | None = None
    ) -> Desk: ...


@pytest.fixture
def opened_at_beta(keep: Keep, request: pytest.FixtureRequest) -> OpenDesk:
    """Opens beta's desk, once for the session for the same people; the test is inside the city, which has nothing else."""

    def opened(people: Mapping[str, str], *, now: datetime, then: Callable[[Desk], None] | None = None) -> Desk:
        desk = keep(desk_at_beta, tuple(people.items()), now, then)
        request.getfixturevalue("beta")
        return desk

    return opened


def desk_at_beta(people: People, now: datetime, then: Callable[[Desk], None] | None) -> Desk:
    with in_city("beta"):
        empty_city()
        desk = open_desk(dict(people), now=now)
        if then is not None:
            then(desk)
        return desk
