"""Alpha's two sources, played by stand-ins: a police database in a SQLite file and a big-data centre on the loopback."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from portal.demo.stand_ins.big_data_centre import BigDataCentre, running
from portal.demo.stand_ins.big_data_store import BigDataStore
from portal.demo.stand_ins.police_database import PoliceDatabase
from regions.models import City
from regions.sources import collect
from regions.sources.connectors.big_data_centre import Surroundings
from regions.sources.models import Source
from tests.integration.sources.stand_ins import APP, SECRET, Centre, Police


@pytest.fixture
def police(
    alpha: City, sources_anywhere_here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Police]:
    """The city's police database, complete up to an hour ago and still empty."""
    url = f"sqlite:///{tmp_path / 'police.sqlite'}"
    monkeypatch.setenv("ALPHA_POLICE_URL", url)
    engine = create_engine(url)
    database = PoliceDatabase(engine)
    database.create()
    yield Police(database, Source.objects.get(code="police"))
    engine.dispose()


@pytest.fixture
def centre(
    alpha: City, sources_anywhere_here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Centre]:
    """The big-data centre, with nothing in it; waiting for it to recover takes no time."""
    monkeypatch.setenv("ALPHA_BIGDATA_SECRET", SECRET)
    impatient = Surroundings(sleep=lambda seconds: None)
    hurried = partial(collect.big_data_centre.open_delivery, surroundings=impatient)
    monkeypatch.setattr(collect.big_data_centre, "open_delivery", hurried)
    store = BigDataStore(str(tmp_path / "centre.sqlite"))
    with running(BigDataCentre(store, {APP: SECRET})) as base_url:
        Source.objects.filter(code="bigdata").update(base_url=base_url)
        yield Centre(store, Source.objects.get(code="bigdata"))
    store.close()
