"""Where the demo's links lead."""

import pytest
from pytest_django import Settings

from portal.demo.children import choose_port
from portal.mail import address_of


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
