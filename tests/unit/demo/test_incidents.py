"""A short past has no outage; its sources go with the days all the same."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from portal.demo import sources
from portal.demo.incidents import LEAST_DAYS, Incidents
from portal.demo.province import city_files
from portal.demo.stage import Stage
from tests.unit.demo.cities import OPENED


@pytest.mark.parametrize("days", [1, LEAST_DAYS - 1])
def test_every_source_of_a_short_past_is_brought_to_each_of_its_days(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, days: int
) -> None:
    moved: list[tuple[str, str, datetime]] = []
    monkeypatch.setattr(
        sources, "move_clock", lambda stage, source, now, folder: moved.append((stage.schema, source, now))
    )
    stages = [Stage(city, OPENED, days) for city in city_files()]
    incidents = Incidents.of(stages)
    wanted = []
    for ago in range(days, 0, -1):
        for stage in stages:
            now = stage.at(ago, 6) + timedelta(minutes=10)
            incidents.move_clocks(stage, ago, now=now, folder=tmp_path)
            wanted += [(stage.schema, source, now) for source in stage.sources]
    assert moved == wanted
    assert len(moved) > len(stages)
