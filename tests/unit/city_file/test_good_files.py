"""City files that are taken, and what is made of them."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from codes.rule_sets.version_file import read_versions
from regions.city_file import CityFile, PoliceDatabase, missing_environment, read_city_file
from regions.divisions import divisions
from regions.vocabulary import FactKind
from tests.unit.city_file.files import GOOD, PASSWORD, SECRET, changed, write

SHIPPED = Path(__file__).parents[3] / "cities"
FROM_ENVIRONMENT = changed(
    (f'url = "postgresql+psycopg2://reader:{PASSWORD}@127.0.0.1:5432/police"', 'url_env = "POLICE_URL"'),
    (f'secret = "{SECRET}"', 'secret_env = "BIGDATA_SECRET"'),
)
# key left out → the value that stands
DEFAULTS = [
    (lambda city: city.city.timezone, "Asia/Shanghai"),
    (lambda city: city.city.mass_change_share, 0.02),
    (lambda city: city.city.mass_change_least, 20),
    (lambda city: city.city.recognition, "look_up"),
    (lambda city: city.city.hotline, None),
    (lambda city: city.sources[0].overlap_hours, 24),
    (lambda city: city.sources[0].full_every_days, 7),
    (lambda city: city.sources[0].still, None),
    (lambda city: city.sources[0].retired, False),
    (lambda city: city.providers[0].symptoms, {}),
    (lambda city: city.providers[0].display, {}),
    (lambda city: city.providers[0].display_delay_minutes, 10),
    (lambda city: city.providers[0].retired, False),
    (lambda city: city.sources[0].max_age, timedelta(hours=26)),
    (lambda city: city.sources[0].max_bad_share, 0.05),
    (lambda city: city.sources[1].page_size, 1000),
    (lambda city: city.sources[1].kinds, {}),
]
STILL_GOOD = [
    ('division = "510100"', 'division = "510100"\nmass_change_share = 0'),
    (
        'division = "510100"',
        'division = "510100"\nmass_change_least = 1\nrecognition = "refuse"\nhotline = "028-12345"',
    ),
    ('app_id = "chengdu"', 'app_id = "chengdu"\noverlap_hours = 0\nfull_every_days = 1\nstill = "9999-12-31"'),
    ('app_id = "chengdu"', 'app_id = "chengdu"\nstill = 9999-12-31\nretired = false'),
    ('source = "police"', 'source = "police"\nretired = true\nsymptoms = { "1" = "none", "2" = "fever" }'),
    ('source = "police"', 'source = "police"\ndisplay = { "00" = "green" }\ndisplay_delay_minutes = 0'),
    ('interim_policy = "prefer:wechat"', 'interim_policy = "freshest"'),
    ('interim_policy = "prefer:wechat"\n', ""),
    ('host = "chengdu.localhost"', 'host = "CHENGDU.gov-cn.example"'),
    ('app_id = "chengdu"', 'app_id = "chengdu"\npage_size = 10000\nmax_age_hours = 0.5\nmax_bad_share = 1'),
    ("postgresql+psycopg2://", "oracle+oracledb://"),
    ('base_url = "http://127.0.0.1:8701/api/"', 'base_url = "https://[::1]:8701"'),
    ("[city]", "\ufeff[city]"),
    ('source = "police"', 'source = "bigdata"'),
    ("[[rule_sets]]", '[[rule_sets]]\ncode = "national"\nfile = "city.toml"\n\n[[rule_sets]]'),
]


@pytest.fixture
def city_file(tmp_path: Path) -> CityFile:
    return read_city_file(write(tmp_path, GOOD))


def test_a_good_file_is_read_whole(city_file: CityFile) -> None:
    assert (city_file.city.schema_name, city_file.city.name.zh, city_file.city.division) == (
        "chengdu",
        "成都市",
        "510100",
    )
    police, bigdata = city_file.sources
    assert isinstance(police, PoliceDatabase)
    assert police.kinds == {"MJ": FactKind.CLOSE_CONTACT, "确 诊": FactKind.CONFIRMED_CASE}
    assert [source.credential is not None for source in city_file.sources] == [True, True]
    assert [(provider.code, provider.source) for provider in city_file.providers] == [
        ("alipay", "bigdata"),
        ("wechat", "police"),
    ]
    assert [(located.code, located.path.is_file()) for located in city_file.rule_sets] == [("national", True)]
    assert bigdata.kind == "big_data_centre"


@pytest.mark.parametrize(("reading", "value"), DEFAULTS)
def test_what_is_left_out_has_its_default(city_file: CityFile, reading: Callable[[CityFile], Any], value: Any) -> None:
    assert reading(city_file) == value


@pytest.mark.parametrize(("old", "new"), STILL_GOOD)
def test_what_else_is_good(tmp_path: Path, old: str, new: str) -> None:
    content = GOOD.lstrip() if old == "[city]" else GOOD
    assert old in content
    read_city_file(write(tmp_path, content.replace(old, new, 1)))


def test_one_source_is_enough_and_base_urls_lose_their_last_slash(city_file: CityFile, tmp_path: Path) -> None:
    start, end = GOOD.index("[[sources]]"), GOOD.index('[[sources]]\ncode = "bigdata"')
    only_bigdata = (GOOD[:start] + GOOD[end:]).replace('source = "police"', 'source = "bigdata"')
    (source,) = read_city_file(write(tmp_path, only_bigdata)).sources
    assert source == city_file.sources[1]
    assert source.model_dump()["base_url"] == "http://127.0.0.1:8701/api"


def test_no_repr_holds_a_credential_or_an_address(city_file: CityFile) -> None:
    said = repr(city_file) + str(city_file) + str(city_file.sources)
    assert [word for word in (PASSWORD, SECRET, "reader", "127.0.0.1") if word in said] == []


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({"POLICE_URL": "sqlite://", "BIGDATA_SECRET": "x"}, []),
        ({"POLICE_URL": "sqlite://", "BIGDATA_SECRET": ""}, ["sources[1].secret_env"]),
        ({}, ["sources[0].url_env", "sources[1].secret_env"]),
    ],
)
def test_variables_that_are_not_set_are_named(tmp_path: Path, environ: dict[str, str], missing: list[str]) -> None:
    city = read_city_file(write(tmp_path, FROM_ENVIRONMENT))
    assert [fault.key for fault in missing_environment(city, environ)] == missing


def test_nothing_is_asked_of_the_environment_when_the_file_holds_the_credentials(city_file: CityFile) -> None:
    assert missing_environment(city_file, {}) == []


def test_a_missing_variable_is_said_by_its_name(tmp_path: Path) -> None:
    city = read_city_file(write(tmp_path, FROM_ENVIRONMENT))
    assert [str(fault) for fault in missing_environment(city, {"BIGDATA_SECRET": "x"})] == [
        "sources[0].url_env: names POLICE_URL, which is not set"
    ]


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_city_can_be_opened(path: Path) -> None:
    city = read_city_file(path)
    assert city.city.schema_name == path.stem
    assert city.city.name.zh == divisions()[city.city.division].zh
    assert city.city.hotline == "12345", "a number to tap wherever a page can go no further"
    assert {source.credential for source in city.sources} == {None}
    assert {version.code for version in read_versions(path, city.rule_sets)} == {
        provider.rule_set for provider in city.providers
    }


def test_seven_cities_are_shipped_and_no_two_share_a_schema_host_or_division() -> None:
    cities = [read_city_file(path).city for path in SHIPPED.glob("*.toml")]
    for distinct in ("schema_name", "host", "division"):
        assert len({getattr(city, distinct) for city in cities}) == len(cities) == 7
