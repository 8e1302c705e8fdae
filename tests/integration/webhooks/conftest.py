"""Fixtures of the webhook tests: a city with officials, and a provider's front end that receives messages."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.integration.conftest import OpenDesk
from tests.integration.review.desk import Desk
from tests.integration.webhooks.receiver import Receiver, listening


@pytest.fixture
def desk(opened_at_beta: OpenDesk, now: datetime) -> Desk:
    """The city, where all are green with alipay; with wechat, zhang (an overlap) and liu (a contact) are red, chen is yellow."""
    return opened_at_beta({"zhang": "spacetime_overlap", "chen": "arrival", "liu": "close_contact"}, now=now)


@pytest.fixture
def receiver(sources_anywhere_here: None) -> Iterator[Receiver]:
    with listening() as here:
        yield here
