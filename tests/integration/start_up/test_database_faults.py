"""Database logins that are refused at start, tested with a real server."""

from typing import Self

import psycopg2
import psycopg2.extensions
import pytest

from portal.embedded import servers
from portal.start_up import database_faults, pools_transactions
from tests.own_database import database_urls


def test_the_applications_login_is_taken() -> None:
    assert list(database_faults(servers.ensure_postgres().app)) == []


def test_the_owners_login_is_refused_for_the_application() -> None:
    assert any("may make roles" in fault for fault in database_faults(servers.ensure_postgres().owner))


def test_whoever_owns_tables_is_refused(db: None) -> None:
    urls = database_urls()
    assert list(database_faults(urls["DATABASE_URL"])) == []
    assert any("owns tables" in fault for fault in database_faults(urls["DATABASE_OWNER_URL"]))


def test_a_superuser_is_refused() -> None:
    assert any("superuser" in fault for fault in database_faults(servers.ensure_postgres().superuser))


def test_a_direct_connection_is_no_pooler() -> None:
    assert not pools_transactions(servers.ensure_postgres().app)


class Pooled:
    """A client of a pooler that hands one server connection to whoever is in no transaction."""

    def __init__(self, shared: psycopg2.extensions.connection) -> None:
        self._shared = shared

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.commit()

    def cursor(self) -> psycopg2.extensions.cursor:
        return self._shared.cursor()

    def commit(self) -> None:
        self._shared.commit()

    def close(self) -> None:
        self.commit()


def test_a_pooler_of_transactions_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    url = servers.ensure_postgres().app
    shared = psycopg2.connect(url)
    monkeypatch.setattr("portal.start_up.psycopg2.connect", lambda _url: Pooled(shared))
    assert [fault for fault in database_faults(url) if "pooler in transaction mode" in fault]
    shared.close()
