"""Fixtures shared by the integration tests of several packages."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

import pytest

from regions.tenancy import in_city
from tests.conftest import Keep, empty_city
from tests.integration.review.desk import Desk, open_desk

T = TypeVar("T")


class OpenDesk(Protocol):
    """Opens the city with its officials. ``then`` is called before the test and can do more."""

    def __call__(
        self, people: Mapping[str, str], *, now: datetime, then: Callable[[Desk], None] | None = None
    ) -> Desk: ...


@pytest.fixture
def kept_at_beta(keep: Keep, request: pytest.FixtureRequest) -> Keep:
    """Call a function once for the session, in an empty city beta. The test then continues inside the city."""

    def kept(build: Callable[..., T], *arguments: Any) -> T:
        made: T = keep(at_beta, build, *arguments)
        request.getfixturevalue("beta")
        return made

    return kept


def at_beta(build: Callable[..., T], *arguments: Any) -> T:
    with in_city("beta"):
        empty_city()
        return build(*arguments)


@pytest.fixture
def opened_at_beta(kept_at_beta: Keep) -> OpenDesk:
    """Open beta with these citizens and its officials, once for the session for the same arguments."""

    def opened(people: Mapping[str, str], *, now: datetime, then: Callable[[Desk], None] | None = None) -> Desk:
        return kept_at_beta(desk_with, tuple(people.items()), now, then)

    return opened


def desk_with(people: tuple[tuple[str, str], ...], now: datetime, then: Callable[[Desk], None] | None) -> Desk:
    desk = open_desk(dict(people), now=now)
    if then is not None:
        then(desk)
    return desk
