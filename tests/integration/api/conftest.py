"""A provider's machine: it posts lines to alpha's host with its key."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import pytest
from django.http import HttpResponse
from django.test import Client

from codes.intake.provider_keys import issue_key
from regions.models import City

ENTRIES = "/api/v1/entries"


@dataclass(frozen=True)
class Machine:
    """Posts what it is given; what a test changes it says by keyword."""

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


@pytest.fixture
def clock(now: datetime, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Every call happens at this moment."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    return now


@pytest.fixture
def alipay(alpha: City, clock: datetime) -> Machine:
    """Alipay's own machine."""
    _, key = issue_key(provider="alipay", by="operator:lin", now=clock)
    return Machine(key)
