"""The network between two cities in a test: a call is answered by the portal itself, in the city of the called host."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import pytest
from django.test import Client

from regions.outgoing import Answer, CallFailed, CallFault
from regions.tenancy import in_public


@dataclass(frozen=True)
class Sent:
    method: str
    address: str
    headers: dict[str, str]
    content: bytes


@dataclass
class Wire:
    """The network.

    ``down`` are hosts that do not answer, ``fails`` ends of addresses that cannot be reached. ``altered`` changes each call
    on its way.
    """

    sent: list[Sent] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    fails: set[str] = field(default_factory=set)
    altered: Callable[[Sent], Sent] = lambda sent: sent

    def __call__(
        self, method: str, address: str, *, content: bytes = b"", headers: Mapping[str, str] | None = None, **_: object
    ) -> Answer:
        sent = Sent(method, address, dict(headers or {}), content)
        self.sent.append(sent)
        if address.endswith(tuple(self.fails)):
            raise CallFailed(CallFault.NO_CONNECTION)
        return deliver(self.altered(sent), down=self.down)

    @property
    def calls(self) -> list[Sent]:
        """The signed calls."""
        return [one for one in self.sent if one.method == "POST"]


def deliver(sent: Sent, *, down: set[str] | None = None) -> Answer:
    url = urlsplit(sent.address)
    if url.hostname in (down or ()):
        raise CallFailed(CallFault.NO_CONNECTION)
    # The called portal is another process in reality, so its request begins outside of any city.
    with in_public():
        response = Client(headers=sent.headers).generic(
            sent.method, url.path, sent.content, content_type="application/json", headers={"host": str(url.hostname)}
        )
    return Answer(response.status_code, cast("Mapping[str, str]", response.headers), response.content)


def lay_wire(patch: pytest.MonkeyPatch) -> Wire:
    wire = Wire()
    for place in ("codes.cities.signing.call", "codes.cities.neighbours.call_out"):
        patch.setattr(place, wire)
    return wire
