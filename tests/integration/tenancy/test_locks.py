"""Advisory locks: one name in one city is one lock, and different locks do not block each other."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from regions.locks import KEY, advisory_lock, session_lock
from regions.models import City
from regions.tenancy import in_city
from tests.own_database import raw_owner

NAMES = 5_000


def keys_of(names: list[str]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(" ".join(["SELECT", KEY.replace("%s", "name"), "FROM unnest(%s) AS name"]), [names])
        return [key for (key,) in cursor.fetchall()]


def test_no_two_names_share_a_key_in_any_city(db: None) -> None:
    """Half a key would not do: of so many names two collide in 32 bits as often as not."""
    names = [*("intake", "journal", "openings"), *(f"collection of source {number}" for number in range(NAMES))]
    names += [f"sign-in codes for {2**255 + number}" for number in range(NAMES)]
    found = [keys_of(names)]
    for schema in ("alpha", "beta"):
        with in_city(schema):
            found.append(keys_of(names))
    everything = list(chain.from_iterable(found))
    assert len(set(everything)) == len(everything) == 3 * len(names)
    assert max(everything) > 2**32


@pytest.fixture
def other() -> Iterator[Any]:
    with raw_owner() as raw, raw.cursor() as cursor:
        yield cursor


def can_be_had(other: Any, name: str, *, schema: str) -> bool:
    """By another session, which lets go again."""
    other.execute(f"BEGIN; SET LOCAL search_path = {schema}; SELECT pg_try_advisory_xact_lock({KEY})", [name])
    taken = bool(other.fetchone()[0])
    other.execute("ROLLBACK")
    return taken


def test_it_is_the_city_s_and_the_transaction_s(alpha: City, other: Any) -> None:
    advisory_lock("some")
    advisory_lock("some")
    assert not can_be_had(other, "some", schema="alpha")
    assert can_be_had(other, "some", schema="beta")
    assert can_be_had(other, "another", schema="alpha")


@pytest.mark.django_db(transaction=True)
def test_it_is_let_go_at_the_end_and_needs_a_transaction(other: Any) -> None:
    with in_city("alpha"):
        with pytest.raises(TransactionManagementError):
            advisory_lock("some")
        with transaction.atomic():
            advisory_lock("some")
            assert not can_be_had(other, "some", schema="alpha")
        assert can_be_had(other, "some", schema="alpha")


@pytest.mark.django_db(transaction=True)
def test_a_session_s_lock_lasts_for_its_block_and_is_not_waited_for(other: Any) -> None:
    with in_city("alpha"), session_lock("some") as taken:
        assert taken
        assert not can_be_had(other, "some", schema="alpha")
    assert can_be_had(other, "some", schema="alpha")
    other.execute(f"SET search_path = alpha; SELECT pg_advisory_lock({KEY})", ["some"])
    with in_city("alpha"), session_lock("some") as taken:
        assert not taken
