"""Whatever is sent, the answer is one that the description knows (schemathesis)."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from codes.intake.provider_keys import issue_key
from codes.models import Entry, ProviderKey
from regions.models import City
from tests.integration.lines import check_in, declaration

CHECKS: Any = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """Good lines with something else in one place, whole other objects, and noise."""
    line: dict[str, Any] = draw(st.sampled_from([declaration(), check_in()]))
    key = draw(st.sampled_from(sorted(line)))
    spoilt = draw(st.just(line) | JSON.map(lambda value: {**line, key: value}) | JSON)
    return draw(st.just(json.dumps(spoilt).encode()) | st.binary(max_size=40))


BODIES = st.lists(lines(), max_size=4).map(b"\n".join)
schemathesis.openapi.media_type("application/x-ndjson", BODIES)


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Requests that come past Django's own test client would close the connection, and with it the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_every_answer_is_described(alpha: City, now: datetime, one_connection: None) -> None:
    application = get_wsgi_application()
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema", application, headers={"Host": "alpha.localhost"})
    _, key = issue_key(provider="alipay", by="operator:lin", now=now)
    statuses = set()

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=schema["/api/v1/entries"]["POST"].as_strategy(), has_key=st.sampled_from([True, True, False]))
    def answers(case: Any, has_key: bool) -> None:
        ProviderKey.objects.update(window_calls=0)
        case.headers = {"Host": "alpha.localhost", "Authorization": f"Bearer {key if has_key else 'another'}"}
        response = case.call()
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    answers()
    assert {200, 401} <= statuses
    assert Entry.objects.exists()
