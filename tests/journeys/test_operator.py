"""The operator opens a further city by the form. Its first run collects, judges and settles, and the city is listed."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core import mail as mails
from sqlalchemy import create_engine

from codes.tasks import sum_up_cities
from portal.official.tasks import sweep_enrolment_links
from tests.integration.connectors import police
from tests.integration.operator.conftest import CITY_FORM
from tests.journeys.conftest import Opens
from tests.journeys.people import Browser
from tests.journeys.world import OPERATOR, SECOND_OPERATOR


@dataclass(frozen=True)
class Further:
    """A city that does not exist yet."""

    zh: str
    en: str
    division: str

    @property
    def schema(self) -> str:
        return self.en.lower()

    def said(self, value: str) -> str:
        """Return a value of ``CITY_FORM`` with the names of this city."""
        names = {"gamma": self.schema, "GAMMA": self.en.upper(), "丙市": self.zh, "Gamma": self.en}
        for other, own in {**names, CITY_FORM["city-division"]: self.division}.items():
            value = value.replace(other, own)
        return value


DELTA, ZETA = Further("丁市", "Delta", "510400"), Further("己市", "Zeta", "510500")


def police_of(city: Further, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create the city's police database with one close contact, and set the environment variable of its URL."""
    url = f"sqlite:///{tmp_path / 'police.sqlite'}"
    engine = create_engine(url)
    police.create(engine)
    police.run(engine, "UPDATE health_clock SET as_of = '2026-11-24 09:50:00'")
    police.add(engine)
    engine.dispose()
    monkeypatch.setenv(city.said("GAMMA_POLICE_URL"), url)


def fill_in(operator: Browser, city: Further) -> None:
    """Fill in the page's form with ``CITY_FORM`` and the names of the city."""
    for name, value in CITY_FORM.items():
        said = city.said(value)
        field = operator.page.locator(f"main [name='{name}']")
        if name.endswith("_FORMS") or field.count() == 0:
            continue
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(said)
        else:
            field.fill(said)


@pytest.mark.parametrize(("device", "language", "city"), [("desktop", "zh-hans", DELTA), ("phone", "en", ZETA)])
def test_a_further_city_is_opened_and_runs(
    window: Opens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, language: str, city: Further
) -> None:
    police_of(city, tmp_path, monkeypatch)
    operator = window(device)
    operator.open("/sign-in/", host="localhost")
    operator.in_language(language).sign_in_as_staff(OPERATOR, door="/sign-in/", host="localhost")
    operator.open("/open/", host="localhost")
    fill_in(operator, city)
    operator.page.locator("main form.city-file p.actions button[type=submit]").click()
    asked = operator.path
    assert operator.said("Another operator confirms it. You may take it back.") in operator.text
    second = window(device)
    second.open("/sign-in/", host="localhost")
    second.in_language(language).sign_in_as_staff(SECOND_OPERATOR, door="/sign-in/", host="localhost")
    second.open(asked, host="localhost")
    assert f"an.jing@{city.schema}.example.cn" in second.text
    second.press("Confirm")
    operator.open(asked, host="localhost")
    assert operator.said("The city is open.") in operator.text
    operator.press("Start the first run")
    assert operator.said("First run") + operator.said(": ") + operator.said("Done") in operator.text
    # The task that the beat enqueues every minute.
    sum_up_cities()
    operator.open("/", host="localhost")
    name, police_title = (city.zh, "丙市公安局数据库") if language == "zh-hans" else (city.en, "Gamma police")
    row = operator.page.locator("main tbody tr", has_text=name).first.inner_text()
    assert city.said(police_title) in row
    assert operator.said("Done") in row
    operator.open("/", host=f"{city.schema}.localhost")
    # The cookie of the language belongs to one host: the new city's pages open in Chinese.
    assert city.zh in operator.page.title()
    # The administrators named in the form enrol by their links.
    sweep_enrolment_links()
    (mail,) = [one for one in mails.outbox if one.to == [f"an.jing@{city.schema}.example.cn"]]
    first = window(device)
    first.enrol(mail, "an.jing", host=f"{city.schema}.localhost")
    first.open("/staff/people/", host=f"{city.schema}.localhost")
    assert first.page.locator("main tbody tr").count() == 2
