"""Coarse stays are counted for the source manager."""

from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from codes.coarse_stays import coarse_stays
from regions.models import City
from regions.sources.models import Source
from tests.integration.engine.loading import load_world
from tests.integration.pages.people import Visitor
from tests.integration.sources.officials import at_desk
from tests.integration.sources.stand_ins import NOW
from tests.oracle import FactVersion, Origin, Provider, RiskArea, Rule, RuleSetVersion, World
from tests.oracle import Source as OracleSource
from tests.oracle.coarse import coarse_stays as oracle_coarse_stays
from tests.worlds import ZONE, Scene, random_world

TODAY = NOW.astimezone(ZONE).date()
STAYS = Rule("A1", "area_stay", "red", hold_days=14, area_levels=("high",))
WUHAN = (
    RiskArea("420102", "high", date(2026, 1, 1)),
    RiskArea("420106", "high", date(2026, 1, 1), date(2026, 6, 30)),
    RiskArea("440300", "low", date(2026, 1, 1)),
)


def city(*areas: str, risk_areas: tuple[RiskArea, ...] = WUHAN) -> World:
    """The police have a stay in each of the areas since the first of the month."""
    stays = [
        FactVersion(
            Origin("source", "police"),
            f"r{number}",
            1,
            "li",
            "area_stay",
            area,
            TODAY.replace(day=1),
            None,
            recorded_at=NOW,
            received_at=NOW,
        )
        for number, area in enumerate(areas)
    ]
    return World(
        providers=(Provider("wechat", "police", "local"), Provider("cityapp", "police", "other")),
        sources=(OracleSource("police", timedelta(hours=26)),),
        rule_sets=(
            RuleSetVersion("local", 1, date(2026, 1, 1), (STAYS,), risk_areas),
            RuleSetVersion("other", 1, date(2026, 1, 1), (STAYS,), risk_areas),
        ),
        citizens=("li",),
        facts=tuple(stays),
        zone=ZONE,
    )


def counted(world: World) -> dict[str, int]:
    load_world(world, known_at=NOW)
    return {one.area: one.number for one in coarse_stays(Source.objects.get(code="police"), day=TODAY)}


def test_only_what_lies_outside_of_all_entries_inside_it_is_coarse(bare_city: City) -> None:
    """Not the district itself, not a city without an entry, not one whose entry is of another level or over before the stay."""
    areas = ("420100", "420100", "420000", "420102", "510100", "440000", "420106")
    assert counted(city(*areas)) == {"420100": 2, "420000": 1}


def test_an_entry_that_covers_the_stay_is_a_match(bare_city: City) -> None:
    province = RiskArea("420000", "high", date(2026, 1, 1))
    assert counted(city("420100", "420000", risk_areas=(*WUHAN, province))) == {}


def test_a_prefecture_that_is_no_more_is_as_coarse_as_its_successors(bare_city: City) -> None:
    """Chaohu's counties went to three cities; the list names a district of one of them."""
    listed = (RiskArea("340103", "high", date(2026, 1, 1)),)
    assert counted(city("341400", risk_areas=listed)) == {"341400": 1}


def test_random_worlds_are_counted_as_the_oracle_counts(bare_city: City) -> None:
    found = 0
    for seed in range(10):
        scene: Scene = random_world(seed, people=80)
        with transaction.atomic():
            load_world(scene.world, known_at=scene.as_of)
            for source in Source.objects.all():
                ours = {one.area: one.number for one in coarse_stays(source, day=scene.day)}
                assert ours == dict(oracle_coarse_stays(scene.world, source.code, scene.day))
                found += len(ours)
            transaction.set_rollback(True)
    assert found


def test_it_is_one_query(bare_city: City) -> None:
    load_world(city("420100"), known_at=NOW)
    source = Source.objects.get(code="police")
    with CaptureQueriesContext(connection) as asked:
        coarse_stays(source, day=TODAY)
    assert len([one for one in asked if "codes_fact" in one["sql"]]) == 1


def page_of(monkeypatch: pytest.MonkeyPatch, world: World) -> Visitor:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    load_world(world, known_at=NOW)
    return at_desk("qian", "source_manager", now=NOW, host="beta.localhost")


def test_the_sources_page_says_how_many_and_where(bare_city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = page_of(monkeypatch, city("420100", "420100", "420000"))
    page = visitor.read("/staff/sources/police/")
    assert "停留地过粗" in page
    assert "武汉市" in page
    assert "湖北省" in page
    page = visitor.in_english().read("/staff/sources/police/")
    assert "Stays written too coarsely" in page
    assert "Wuhan: 2" in page
    assert "Hubei: 1" in page


def test_a_source_without_any_says_so(bare_city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_of(monkeypatch, city("420102")).in_english().read("/staff/sources/police/")
    assert "Stays written too coarsely" in page
    assert "Wuhan" not in page
