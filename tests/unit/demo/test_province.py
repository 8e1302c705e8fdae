"""What a second demo finds of the first, and where the cities' files point."""

from datetime import date
from pathlib import Path

from portal.demo.province import CITY_FILES, Province, city_files, files_for, shares
from portal.embedded.state import State
from regions.city_file import read_city_file
from tests.unit.demo.cities import OPENED

CITIES = city_files()


def test_a_province_is_remembered(tmp_path: Path) -> None:
    state = State(tmp_path)
    assert Province.load(state) is None
    province = Province.found(1_000, CITIES, days=30, now=OPENED).having_lived("chengdu", date(2026, 11, 24))
    province.save(state)
    assert Province.load(state) == province
    assert province.people == 1_000


def test_a_city_that_is_added_later_takes_nobody_from_the_others() -> None:
    province = Province.found(1_000, CITIES[:-1], days=0, now=OPENED)
    grown = province.with_cities(CITIES)
    added = CITIES[-1].city.schema_name
    assert {**grown.sizes, added: 0} == {**province.sizes, added: 0}
    assert grown.sizes[added] > 0


def test_everybody_lives_in_one_of_the_cities() -> None:
    schemas = [city.city.schema_name for city in CITIES]
    for people in (100, 20_000, 999_999):
        assert sum(shares(people, schemas).values()) == people
    assert min(shares(100, schemas).values()) > 0


def test_the_shipped_files_are_used_where_the_centre_has_their_address(tmp_path: Path) -> None:
    assert files_for("http://127.0.0.1:8701/api", CITIES, tmp_path) == sorted(CITY_FILES.glob("*.toml"))
    assert not list(tmp_path.iterdir())


def test_copies_of_the_files_follow_the_centre_to_another_port(tmp_path: Path) -> None:
    for path in files_for("http://127.0.0.1:29999/api", CITIES, tmp_path):
        copy, original = read_city_file(path), read_city_file(CITY_FILES / path.name)
        assert [rule_set.path.name for rule_set in copy.rule_sets] == [one.path.name for one in original.rule_sets]
        for mine, theirs in zip(copy.sources, original.sources, strict=True):
            moved = {"base_url": "http://127.0.0.1:29999/api"} if mine.kind == "big_data_centre" else {}
            assert mine == theirs.model_copy(update=moved)
