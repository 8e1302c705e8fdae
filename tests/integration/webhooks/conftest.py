"""The desk of review, and a front end that listens."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from regions.models import City
from tests.integration.review.desk import Desk, open_desk
from tests.integration.webhooks.receiver import Receiver, listening


@pytest.fixture
def desk(bare_city: City, now: datetime) -> Desk:
    """zhang is red with wechat for an overlap, chen yellow for an arrival, liu red as a contact; green with alipay."""
    return open_desk({"zhang": "spacetime_overlap", "chen": "arrival", "liu": "close_contact"}, now=now)


@pytest.fixture
def receiver(sources_anywhere_here: None) -> Iterator[Receiver]:
    with listening() as here:
        yield here
