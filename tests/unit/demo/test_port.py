"""Where the demo's links lead."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from portal.demo import children
from portal.demo.children import choose_port
from portal.embedded.state import free_port
from portal.mail import address_of


@pytest.fixture(autouse=True)
def let_go() -> Iterator[None]:
    yield
    while children._kept:
        children._kept.popitem()[1].close()


def test_links_have_the_port_that_the_demo_has_got(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr("portal.demo.children.free_port", lambda _preferred: "8123")
    # Set and taken away, so that what the demo sets is taken away again.
    monkeypatch.setenv("CITY_ADDRESS", "")
    monkeypatch.delenv("CITY_ADDRESS")
    settings.CITY_ADDRESS = "http://{host}:8000"
    assert choose_port() == "8123"
    assert address_of("chengdu.localhost", "staff_home").startswith("http://chengdu.localhost:8123/")


def test_the_address_that_the_environment_names_stays(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.CITY_ADDRESS = "https://{host}"
    monkeypatch.setenv("CITY_ADDRESS", "https://{host}")
    choose_port()
    assert address_of("chengdu.localhost", "staff_home").startswith("https://chengdu.localhost/")


def test_the_port_is_kept_until_the_web_server_starts(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Two demos that were begun together told one address, and the pages of one of them were the other's."""
    settings.CITY_ADDRESS = "https://{host}"
    monkeypatch.setenv("CITY_ADDRESS", "https://{host}")
    port = free_port(None)
    monkeypatch.setattr(children, "WEB_PORT", port)
    assert choose_port() == port
    assert choose_port() != port
