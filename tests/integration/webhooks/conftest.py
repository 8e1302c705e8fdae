"""The desk of review, and a front end that listens."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.integration.conftest import OpenDesk
from tests.integration.review.desk import Desk
from tests.integration.webhooks.receiver import Receiver, listening


@pytest.fixture
def desk(opened_at_beta: OpenDesk, now: datetime) -> Desk:
    """zhang is red with wechat for an overlap, chen yellow for an arrival, liu red as a contact; green with alipay."""
    return opened_at_beta({"zhang": "spacetime_overlap", "chen": "arrival", "liu": "close_contact"}, now=now)


@pytest.fixture
def receiver(sources_anywhere_here: None) -> Iterator[Receiver]:
    with listening() as here:
        yield here
