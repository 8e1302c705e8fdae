"""The operator opens a further city by the form; its first run collects, judges and ends, and it stands beside the others."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine

from codes.tasks import sum_up_cities
from tests.integration.connectors import police
from tests.integration.operator.conftest import CITY_FORM
from tests.journeys.conftest import Opens
from tests.journeys.people import Browser
from tests.journeys.world import OPERATOR

SCHEMA = "delta"


@pytest.fixture
def police_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the city's police keep their records: one close contact."""
    url = f"sqlite:///{tmp_path / 'police.sqlite'}"
    engine = create_engine(url)
    police.create(engine)
    police.run(engine, "UPDATE health_clock SET as_of = '2026-11-24 09:50:00'")
    police.add(engine)
    engine.dispose()
    monkeypatch.setenv("DELTA_POLICE_URL", url)
    return url


def fill_in(operator: Browser) -> None:
    """The form of the page as ``CITY_FORM`` has it for another city."""
    for name, value in CITY_FORM.items():
        said = (
            value.replace("gamma", SCHEMA).replace("GAMMA", "DELTA").replace("丙市", "丁市").replace("Gamma", "Delta")
        )
        field = operator.page.locator(f"main [name='{name}']")
        if name.endswith("_FORMS") or field.count() == 0:
            continue
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(said)
        else:
            field.fill(said)


def test_a_further_city_is_opened_and_runs(window: Opens, police_url: str) -> None:
    operator = window("desktop")
    operator.open("/sign-in/", host="localhost")
    operator.sign_in_as_staff(OPERATOR, door="/sign-in/", host="localhost")
    operator.open("/open/", host="localhost")
    fill_in(operator)
    operator.page.locator("main form.city-file p.actions button[type=submit]").click()
    assert "城市已开通" in operator.text
    operator.press("Start the first run")
    assert "首次计算：已完成" in operator.text
    # What beat rings for every minute.
    sum_up_cities()
    operator.open("/", host="localhost")
    row = operator.page.locator("main tbody tr", has_text="丁市").first.inner_text()
    assert "丁市公安局数据库：11-24 09:50" in row
    assert "已完成" in row
    operator.open("/", host=f"{SCHEMA}.localhost")
    assert "丁市" in operator.page.title()
