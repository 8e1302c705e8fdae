"""``prepare`` continues with the other cities if it fails in one, names that one, and fails in the end."""

from contextlib import ExitStack
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import OperationalError

from portal.commands import CommandFailed
from portal.management.commands import prepare
from regions import schemas
from regions.models import City
from regions.tenancy import current_city, in_city_as_owner

pytestmark = pytest.mark.django_db(transaction=True)


class Lost:
    """An act of each city that cannot be done in alpha, and where it was done."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._inside = ExitStack()

    def migrate(self, city: City, **_: object) -> None:
        """A migration that fails leaves the connection in the city."""
        self._inside.enter_context(in_city_as_owner(city.schema_name))
        self._act(city)
        self._inside.close()

    def in_its_city(self, **_: object) -> bool:
        self._act(current_city())
        return False

    def _act(self, city: City) -> None:
        if city.schema_name == "alpha":
            raise OperationalError("connection to the remote node localhost:9701 failed")
        self.done.append(city.schema_name)


def test_a_city_that_cannot_be_migrated_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    migrated, completed = Lost(), Lost()
    monkeypatch.setattr(schemas, "migrate", migrated.migrate)
    monkeypatch.setattr(prepare, "take_stock", completed.in_its_city)
    assert failure() == "Not up to date: alpha; the log says why. All others are. Run prepare again."
    assert (migrated.done, completed.done) == (["beta"], ["beta"])
    assert [one.getMessage() for one in caplog.records] == ["alpha failed; the other cities go on"]


def test_nor_does_one_in_which_something_fails_after_that(monkeypatch: pytest.MonkeyPatch) -> None:
    completed = Lost()
    monkeypatch.setattr(schemas, "migrate", lambda _city, **_: None)
    monkeypatch.setattr(prepare, "take_stock", completed.in_its_city)
    assert failure().startswith("Not up to date: alpha;")
    assert completed.done == ["beta"]


def test_where_all_is_well_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "migrate", lambda _city, **_: None)
    said = StringIO()
    call_command("prepare", stdout=said)
    assert "The database is up to date: public and 2 cities." in said.getvalue()


def failure() -> str:
    said = StringIO()
    with pytest.raises(CommandFailed) as failed:
        call_command("prepare", stdout=said)
    assert failed.value.returncode == 3
    assert "up to date: public" not in said.getvalue()
    return str(failed.value)
