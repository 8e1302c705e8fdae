"""Fixtures of stand-ins for alpha's sources: a police database in a SQLite file and a big-data centre on the loopback interface."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url
from sqlalchemy.schema import DropSchema

from portal.demo.stand_ins.big_data_centre import BigDataCentre, running
from portal.demo.stand_ins.big_data_store import BigDataStore
from portal.demo.stand_ins.police_database import PoliceDatabase
from regions.models import City
from regions.sources.connectors import big_data_centre
from regions.sources.connectors.big_data_centre import System
from regions.sources.models import Source
from tests.integration.sources.stand_ins import APP, SECRET, Centre, Police
from tests.own_database import database_urls


@pytest.fixture
def police(
    alpha: City, sources_anywhere_here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Police]:
    """The city's police database, empty and complete up to an hour ago."""
    url = f"sqlite:///{tmp_path / 'police.sqlite'}"
    monkeypatch.setenv("ALPHA_POLICE_URL", url)
    engine = create_engine(url)
    database = PoliceDatabase(engine)
    database.create()
    yield Police(database, Source.objects.get(code="police"))
    engine.dispose()


@pytest.fixture
def postgres_police(alpha: City, sources_anywhere_here: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Police]:
    """The city's police database in PostgreSQL, in a separate schema of the tests' database."""
    url = make_url(database_urls()["DATABASE_OWNER_URL"]).set(drivername="postgresql+psycopg2")
    monkeypatch.setenv("ALPHA_POLICE_URL", url.render_as_string(hide_password=False))
    engine = create_engine(url, poolclass=NullPool)
    database = PoliceDatabase(engine, schema="ga_jk")
    database.create()
    source = Source.objects.get(code="police")
    source.records_view, source.clock_view = database.records_view, database.clock_view
    source.save()
    yield Police(database, source)
    with engine.begin() as connection:
        connection.execute(DropSchema("ga_jk", cascade=True))
    engine.dispose()


@pytest.fixture
def centre(
    alpha: City, sources_anywhere_here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Centre]:
    """The big-data centre, empty. Retries do not wait."""
    monkeypatch.setenv("ALPHA_BIGDATA_SECRET", SECRET)
    impatient = System(sleep=lambda seconds: None)
    interactive = partial(big_data_centre.open_delivery, system=impatient)
    monkeypatch.setattr(big_data_centre, "open_delivery", interactive)
    store = BigDataStore(str(tmp_path / "centre.sqlite"))
    with running(BigDataCentre(store, {APP: SECRET})) as base_url:
        Source.objects.filter(code="bigdata").update(base_url=base_url)
        yield Centre(store, Source.objects.get(code="bigdata"))
    store.close()
