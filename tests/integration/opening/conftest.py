"""Fixtures of city files, commands, and the content of the whole database, to check that nothing was written."""

import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from psycopg2 import sql
from psycopg2.extensions import connection

from tests.integration.opening.files import Edited, Ended
from tests.own_database import CITY_FILES

Run = Callable[..., Ended]


@pytest.fixture
def files(tmp_path: Path) -> Edited:
    """A copy of alpha's file with its rule sets, which the test may change."""
    shutil.copytree(CITY_FILES, tmp_path / "cities")
    return Edited(tmp_path / "cities")


@pytest.fixture
def run(owner: connection) -> Run:
    """Run a command on the test's own copy of the database."""

    def run(*arguments: str) -> Ended:
        out, err = StringIO(), StringIO()
        try:
            call_command(*arguments, stdout=out, stderr=err)
        except CommandError as error:
            return Ended(error.returncode, out.getvalue(), f"{err.getvalue()}{error}")
        return Ended(0, out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def everything(owner: connection) -> Callable[[], dict[str, str]]:
    """The content of every table of `public` and of every city, as a digest by table."""

    def everything() -> dict[str, str]:
        found = {}
        with owner.cursor() as cursor:
            cursor.execute(
                "SELECT schemaname, tablename FROM pg_tables "
                "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
            )
            for schema, table in cursor.fetchall():
                digest = sql.SQL("SELECT md5(coalesce(string_agg(t::text, '\n' ORDER BY t::text), '')) FROM {} t")
                cursor.execute(digest.format(sql.Identifier(schema, table)))
                (found[f"{schema}.{table}"],) = cursor.fetchall()[0]
        return found

    return everything
