"""What tests of many rooms begin with."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

import pytest

from regions.tenancy import in_city
from tests.conftest import Keep, empty_city
from tests.integration.review.desk import Desk, open_desk

T = TypeVar("T")


class OpenDesk(Protocol):
    """``then`` is what else happens at the desk before the test."""

    def __call__(
        self, people: Mapping[str, str], *, now: datetime, then: Callable[[Desk], None] | None = None
    ) -> Desk: ...


@pytest.fixture
def kept_at_beta(keep: Keep, request: pytest.FixtureRequest) -> Keep:
    """What it calls it calls once for the session, in beta with nothing else in it; the test goes on inside the city."""

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
    """Opens beta's desk, once for the session for the same people."""

    def opened(people: Mapping[str, str], *, now: datetime, then: Callable[[Desk], None] | None = None) -> Desk:
        return kept_at_beta(desk_with, tuple(people.items()), now, then)

    return opened


def desk_with(people: tuple[tuple[str, str], ...], now: datetime, then: Callable[[Desk], None] | None) -> Desk:
    desk = open_desk(dict(people), now=now)
    if then is not None:
        then(desk)
    return desk
