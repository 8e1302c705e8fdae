"""Whose address is believed: the one our own proxy saw, never what a visitor writes into the header."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from portal.web.host import UNKNOWN, client_address


@pytest.mark.parametrize(
    ("proxies", "forwarded", "believed"),
    [
        (0, "1.2.3.4", "127.0.0.1"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (1, "1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4"),
        (1, "", "127.0.0.1"),
        (1, "nonsense", UNKNOWN),
        (1, "2001:DB8::1", "2001:db8::1"),
    ],
)
def test_the_address_our_proxy_saw(settings: Settings, proxies: int, forwarded: str, believed: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"x-forwarded-for": forwarded} if forwarded else {})
    assert client_address(request) == believed
