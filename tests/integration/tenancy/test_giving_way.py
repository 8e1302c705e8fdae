"""``prepare`` while people work: a migration that has to wait for a table gives up its locks and completes later."""

import psycopg2
import psycopg2.extensions
import pytest
from django.db import OperationalError, connection

from regions import schemas
from regions.models import City
from regions.schemas import migrate_city
from regions.tenancy import as_owner, city_named
from tests.own_database import waiting_for

pytestmark = pytest.mark.django_db(transaction=True)
ADDS_A_COLUMN = "ALTER TABLE beta.codes_case ADD COLUMN IF NOT EXISTS for_the_test text"


@pytest.fixture(autouse=True)
def _alters_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def alter(city: City, *, verbosity: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(ADDS_A_COLUMN)

    monkeypatch.setattr(schemas, "migrate", alter)
    monkeypatch.setattr(schemas, "LOCK_SECONDS", 0.1)


def test_a_city_is_migrated_once_its_reader_is_done(
    owner: psycopg2.extensions.connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        """The table is free for others meanwhile; the reader is done after the second."""
        pauses.append(seconds)
        with owner.cursor() as cursor:
            assert not waiting_for(cursor, "beta.codes_case")
            if len(pauses) == 2:
                cursor.execute("COMMIT")

    monkeypatch.setattr("regions.schemas.time.sleep", pause)
    with owner.cursor() as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM beta.codes_case")
        with as_owner():
            migrate_city(city_named("beta"))
        reader.execute("SELECT for_the_test FROM beta.codes_case")
    assert pauses == [schemas.SECONDS_BETWEEN_TRIES] * 2


def test_in_the_end_it_says_that_it_could_not(
    owner: psycopg2.extensions.connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schemas, "TRIES", 2)
    monkeypatch.setattr(schemas, "SECONDS_BETWEEN_TRIES", 0)
    with owner.cursor() as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM beta.codes_case")
        with as_owner(), pytest.raises(OperationalError, match="lock timeout"):
            migrate_city(city_named("beta"))
        reader.execute("ROLLBACK")
