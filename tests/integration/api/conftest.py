"""Fixtures of the API tests: a provider's machine that posts lines to alpha's host with its key."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.http import HttpResponse
from django.test import Client

from codes.intake.provider_keys import issue_key
from codes.models import Scope
from regions.models import City

ENTRIES = "/api/v1/entries"


@dataclass(frozen=True)
class Machine:
    """Posts lines with the provider's key. Headers can be changed by keyword."""

    key: str
    host: str = "alpha.localhost"
    client: Client = field(default_factory=Client)

    def post(self, *lines: dict[str, Any] | bytes, **headers: str) -> HttpResponse:
        raw = [line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode() for line in lines]
        return self.post_body(b"\n".join(raw), **headers)

    def post_body(self, body: bytes, content_type: str = "application/x-ndjson", **headers: str) -> HttpResponse:
        sent = {"host": self.host, "authorization": f"Bearer {self.key}", **headers}
        response = self.client.post(ENTRIES, body, content_type=content_type, headers=sent)
        return cast("HttpResponse", response)


class Service:
    """A provider's machine with a key for all scopes, unless specified otherwise."""

    def __init__(
        self, provider: str, now: datetime, *, host: str = "alpha.localhost", scopes: Collection[Scope] = tuple(Scope)
    ) -> None:
        _, self.key = issue_key(provider=provider, by="operator:lin", now=now, scopes=scopes)
        self.client = Client(headers={"host": host, "authorization": f"Bearer {self.key}"})

    def post(self, name: str, body: Any, **headers: str) -> tuple[int, Any]:
        response = self.client.post(
            f"/api/v1/{name}", json.dumps(body), content_type="application/json", headers=headers
        )
        return response.status_code, json.loads(response.content)

    def get(self, name: str) -> tuple[int, Any]:
        response = self.client.get(f"/api/v1/{name}")
        return response.status_code, json.loads(response.content)


@pytest.fixture
def clock(now: datetime, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Set the time of all calls to ``now``."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    return now


@pytest.fixture
def alipay(alpha: City, clock: datetime) -> Machine:
    """Alipay's machine."""
    _, key = issue_key(provider="alipay", by="operator:lin", now=clock)
    return Machine(key)


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Keep the database connection open: requests without Django's test client would close it and end the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
