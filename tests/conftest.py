"""Fixtures of all tests: cities, the database owner's connection, and a fixed instant."""

import gc
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import hypothesis
import psycopg2.extensions
import pytest
from django.core.cache import caches
from django.db import connection
from django.test import TransactionTestCase, override_settings
from pytest_django import DjangoDbBlocker, Settings

from codes.models import Provider, RiskArea, Rule, RuleSet, RuleSetVersion
from regions.backend.base import DatabaseWrapper
from regions.keys.encryption import forget_cached_keys
from regions.models import City
from regions.sources.connectors.guard import AllowList
from regions.sources.models import Source
from regions.tenancy import in_city
from tests import quick_hasher
from tests.own_database import kept_copy, own_copy, raw_owner, session_database

T = TypeVar("T")
TESTS = Path(__file__).parent
CHECKOUT = TESTS.parent
LONGEST = ("tests/faults/test_plans.py", "tests/integration/demo/test_demo.py")
# The tables that the opening of a city fills from its file, without keys and journal.
SETTINGS_OF_A_CITY = (RiskArea, Rule, RuleSetVersion, Provider, RuleSet, Source)
pytest_plugins = ["pytester", "tests.asserting", "tests.closing_lines"]


def pytest_configure() -> None:
    """Restore the handling of SIGINT: a shell's background processes ignore it, and their children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Draw the same examples each time, without a deadline.
    hypothesis.settings.load_profile("ci")


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """In a fresh checkout, let each process compile a share of the tests, and read those of the others from its cache.

    Rewriting the assertions of all tests takes longer than all else before the first of them.
    """
    told = getattr(session.config, "workerinput", None)
    if told is None or session.config.option.file_or_dir:
        return
    names = [".".join(path.relative_to(CHECKOUT).with_suffix("").parts) for path in sorted(TESTS.rglob("test_*.py"))]
    first = int(told["workerid"].removeprefix("gw")) * len(names) // int(told["workercount"])
    for name in (*names[first:], *names[:first]):
        import_module(name)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest tests first. They use their own servers, while another process makes the database of the others."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_collection_finish() -> None:
    """Exclude from garbage collection what exists for the whole session: modules, and nine thousand tests.

    Scanning it again and again took a tenth of the time and displaced the processor's caches.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Open two cities once for all tests. Each test is rolled back; a test that commits gets a copy of the database.

    Django itself would clean up after a test that commits by emptying every table, including the list of cities.
    """
    patch = pytest.MonkeyPatch()
    copies = []

    def take_copy(case: type[TransactionTestCase]) -> None:
        copies.append(own_copy())
        copies[-1].__enter__()

    def drop_copy(case: TransactionTestCase) -> None:
        copies.pop().__exit__(None, None, None)

    quick = override_settings(PASSWORD_HASHERS=[quick_hasher.PATH])
    with quick, django_db_blocker.unblock(), session_database():
        patch.setattr(TransactionTestCase, "_fixture_setup", classmethod(take_copy))
        patch.setattr(TransactionTestCase, "_fixture_teardown", drop_copy)
        with django_db_blocker.block():
            yield
        patch.undo()


class Keep(Protocol):
    """Calls a function that builds a city, with its arguments."""

    def __call__(self, build: Callable[..., T], *arguments: Any) -> T: ...


@pytest.fixture
def keep(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Keep]:
    """Call a function once for the session, and let the test work on a copy of the resulting database.

    It must be called before the test's transaction begins.
    """
    with ExitStack() as stack:

        def kept(build: Callable[..., T], *arguments: Any) -> T:
            with django_db_blocker.unblock():
                return stack.enter_context(kept_copy(build, *arguments))

        yield kept
        with django_db_blocker.unblock():
            stack.close()


@pytest.fixture(autouse=True)
def _leave_no_trace(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Reset what a rollback does not: cached keys and template fragments, the city of the connection, the checkpoint files."""
    monkeypatch.setattr("django.conf.settings.JOURNAL_CHECKPOINTS", tmp_path / "checkpoints")
    # Keys are cached for a few seconds only. The number of statements must not depend on whether these end during the test.
    monkeypatch.setattr("regions.keys.encryption.SECONDS_REMEMBERED", 10**9)
    yield
    forget_cached_keys()
    caches["template_fragments"].clear()
    # A request leaves the connection in its city; the next test must begin outside of any.
    cast("DatabaseWrapper", connection).set_schema_to_public()  # type: ignore[no-untyped-call]


@pytest.fixture
def now() -> datetime:
    """24 November 2026, ten in the morning in both cities."""
    return datetime(2026, 11, 24, 2, tzinfo=UTC)


@pytest.fixture
def alpha(db: None) -> Iterator[City]:
    """Enter the city with two sources, two rule sets and two providers (`tests/cities/alpha.toml`)."""
    with in_city("alpha") as city:
        yield city


@pytest.fixture
def beta(db: None) -> Iterator[City]:
    """Enter the city whose two providers share a source and a rule set (`tests/cities/beta.toml`)."""
    with in_city("beta") as city:
        yield city


@pytest.fixture
def bare_city(beta: City) -> City:
    """Enter a city with keys and a journal, but without sources, rule sets and providers."""
    empty_city()
    return beta


def empty_city() -> None:
    """Delete the city's settings, but not its keys and journal. Rows that refer to them fail at the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(";".join(f"DELETE FROM {model._meta.db_table}" for model in SETTINGS_OF_A_CITY))  # noqa: S608 - ours


@pytest.fixture
def owner(transactional_db: None) -> Iterator[psycopg2.extensions.connection]:
    """A connection of the database owner. The test's changes are committed to a copy of the database."""
    with raw_owner() as raw:
        yield raw


@pytest.fixture
def sources_anywhere_here(settings: Settings) -> None:
    """Permit sources in database files and on the loopback interface, as in debug mode."""
    settings.SOURCE_ALLOW_LIST = AllowList.parse("127.0.0.1:*,localhost:*,sqlite:*")
    settings.MESSAGE_ALLOW_LIST = AllowList.parse("127.0.0.1:*,localhost:*")
