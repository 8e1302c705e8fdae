"""City files that are refused: each fault at its key, all faults at once, and no secret in any of it."""

import traceback
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regions.city_file import CityFileFaults, read_city_file
from tests.unit.city_file.files import GOOD, PASSWORD, SECRET, changed, write

URL = f'url = "postgresql+psycopg2://reader:{PASSWORD}@127.0.0.1:5432/police"'
# (what stands in the good file, what is put there, the keys that are named)
TABLE = [
    ('schema = "chengdu"', 'schema = "Chengdu"', "city.schema"),
    ('schema = "chengdu"', 'schema = "c"', "city.schema"),
    ('schema = "chengdu"', f'schema = "{"c" * 41}"', "city.schema"),
    ('schema = "chengdu"', 'schema = "1chengdu"', "city.schema"),
    ('schema = "chengdu"', 'schema = "cheng-du"', "city.schema"),
    ('schema = "chengdu"', 'schema = "chengdu\\n"', "city.schema"),
    ('schema = "chengdu"', 'schema = "public"', "city.schema"),
    ('schema = "chengdu"', 'schema = "pg_temp"', "city.schema"),
    ('schema = "chengdu"', 'schema = "information_schema"', "city.schema"),
    ('schema = "chengdu"', "schema = 5", "city.schema"),
    ('schema = "chengdu"', "", "city.schema"),
    ('schema = "chengdu"', 'schema_name = "chengdu"', "city.schema city.schema_name"),
    ('en = "Chengdu"', 'fr = "Chengdu"', "city.name.en city.name.fr"),
    ('zh = "成都市"', 'zh = " "', "city.name.zh"),
    ('name = { zh = "成都市", en = "Chengdu" }', 'name = "成都市"', "city.name"),
    ('division = "510100"', 'division = "51010"', "city.division"),
    ('division = "510100"', "division = 510100", "city.division"),
    ('division = "510100"', 'division = "512800"', "city.division"),
    ('host = "chengdu.localhost"', 'host = "http://chengdu.localhost"', "city.host"),
    ('host = "chengdu.localhost"', 'host = "chengdu.localhost:8000"', "city.host"),
    ('host = "chengdu.localhost"', 'host = "cheng_du.localhost"', "city.host"),
    ('host = "chengdu.localhost"', 'host = "-chengdu.localhost"', "city.host"),
    ('host = "chengdu.localhost"', 'host = "chengdu..localhost"', "city.host"),
    ('host = "chengdu.localhost"', 'host = ""', "city.host"),
    ('division = "510100"', 'division = "510100"\ntimezone = "Asia/Chengdu"', "city.timezone"),
    ('division = "510100"', 'division = "510100"\ntimezone = "../../etc/passwd"', "city.timezone"),
    ('division = "510100"', 'division = "510100"\nmass_change_share = 1.01', "city.mass_change_share"),
    ('division = "510100"', 'division = "510100"\nmass_change_share = nan', "city.mass_change_share"),
    ('division = "510100"', 'division = "510100"\nmass_change_share = true', "city.mass_change_share"),
    ('division = "510100"', 'division = "510100"\nmass_flip_share = 0.02', "city.mass_flip_share"),
    ('division = "510100"', 'division = "510100"\nmass_change_least = 0', "city.mass_change_least"),
    ('division = "510100"', 'division = "510100"\nrecognition = "maybe"', "city.recognition"),
    ('division = "510100"', 'division = "510100"\nhotline = "call us"', "city.hotline"),
    ('app_id = "chengdu"', 'app_id = "chengdu"\noverlap_hours = -1', "sources[1].overlap_hours"),
    ('app_id = "chengdu"', 'app_id = "chengdu"\nfull_every_days = 0', "sources[1].full_every_days"),
    ('app_id = "chengdu"', 'app_id = "chengdu"\nstill = "9999-13-31"', "sources[1].still"),
    ('app_id = "chengdu"', 'app_id = "chengdu"\nretired = true', "providers[0].source"),
    ('source = "police"', 'source = "police"\nsymptoms = { "2" = "sneezing" }', "providers[1].symptoms.2"),
    ('source = "police"', 'source = "police"\ndisplay = { "00" = "blue" }', "providers[1].display.00"),
    ('source = "police"', 'source = "police"\ndisplay_delay_minutes = -1', "providers[1].display_delay_minutes"),
    ("prefer:wechat", "prefer:", "city.interim_policy"),
    ("prefer:wechat", "prefer:qq", "city.interim_policy"),
    ("prefer:wechat", "loosest", "city.interim_policy"),
    ("[city]", "[town]", "city town"),
    ("[city]", "[[city]]", "city"),
    ('code = "police"', 'code = "Police"', "sources[0].code providers[1].source"),
    ('code = "police"', 'code = "bigdata"', "sources[1].code providers[1].source"),
    ('kind = "police_database"', 'kind = "police"', "sources[0].kind"),
    ('kind = "police_database"', "kind = 1", "sources[0].kind"),
    ('kind = "police_database"', "", "sources[0].kind"),
    (URL, "", "sources[0].url_env"),
    (URL, f'{URL}\nurl_env = "POLICE_URL"', "sources[0].url"),
    (URL, 'url = "police"', "sources[0].url"),
    (URL, 'url = "postgresql://h:port/db"', "sources[0].url"),
    (URL, 'url_env = "POLICE URL"', "sources[0].url_env"),
    (URL, f'{URL}\nbase_url = "http://127.0.0.1"', "sources[0].base_url"),
    (URL, f"{URL}\nmax_age_hours = 0", "sources[0].max_age_hours"),
    (URL, f"{URL}\nmax_age_hours = inf", "sources[0].max_age_hours"),
    (URL, f'{URL}\nmax_age_hours = "26"', "sources[0].max_age_hours"),
    (URL, f"{URL}\nmax_bad_share = -0.1", "sources[0].max_bad_share"),
    ('records_view = "health_records"', "", "sources[0].records_view"),
    ('records_view = "health_records"', 'records_view = "health; drop"', "sources[0].records_view"),
    ('records_view = "health_records"', 'records_view = "a.b.c"', "sources[0].records_view"),
    ('clock_view = "public.health_clock"', 'clock_view = ""', "sources[0].clock_view"),
    ('"MJ" = "close_contact"', '"MJ" = "contact"', "sources[0].kinds.MJ"),
    ('"确 诊" = "confirmed_case"', '"确 诊" = "QZ"', 'sources[0].kinds."确 诊"'),
    ('"MJ" = "close_contact"', '"" = "close_contact"', 'sources[0].kinds.""'),
    ('kinds = { "MJ" = "close_contact", "确 诊" = "confirmed_case" }', 'kinds = ["MJ"]', "sources[0].kinds"),
    ('app_id = "chengdu"', "page_size = 1000", "sources[1].app_id"),
    ('app_id = "chengdu"', 'app_id = "成都"', "sources[1].app_id"),
    ('app_id = "chengdu"', 'app_id = "chengdu"\npage_size = 0', "sources[1].page_size"),
    ('app_id = "chengdu"', 'app_id = "chengdu"\npage_size = 10001', "sources[1].page_size"),
    ('app_id = "chengdu"', 'app_id = "chengdu"\npage_size = 10.0', "sources[1].page_size"),
    ('app_id = "chengdu"', 'app_id = "chengdu"\nrecords_view = "v"', "sources[1].records_view"),
    (f'secret = "{SECRET}"', "", "sources[1].secret_env"),
    (f'secret = "{SECRET}"', 'secret = ""', "sources[1].secret"),
    (f'secret = "{SECRET}"', f'secret = "{SECRET}"\nsecret_env = "S"', "sources[1].secret"),
    ("http://127.0.0.1:8701/api/", "ftp://127.0.0.1", "sources[1].base_url"),
    ("http://127.0.0.1:8701/api/", "http://", "sources[1].base_url"),
    ("http://127.0.0.1:8701/api/", "http://127.0.0.1:99999", "sources[1].base_url"),
    ("http://127.0.0.1:8701/api/", f"http://u:{PASSWORD}@127.0.0.1", "sources[1].base_url"),
    ("http://127.0.0.1:8701/api/", f"http://127.0.0.1?key={SECRET}", "sources[1].base_url"),
    ("http://127.0.0.1:8701/api/", "http://127.0.0.1/a b", "sources[1].base_url"),
    ('code = "alipay"', 'code = "wechat"', "providers[1].code"),
    ('source = "bigdata"', 'source = "big"', "providers[0].source"),
    ('source = "bigdata"', "", "providers[0].source"),
    ('source = "bigdata"', 'source = ["bigdata", "police"]', "providers[0].source"),
    ('rule_set = "national"', 'rule_set = "local"', "providers[0].rule_set"),
    ('rule_set = "national"', 'rule_set = "national"\ncolour = "green"', "providers[0].colour"),
    ('file = "rules/national-1.toml"', 'file = "rules/national-2.toml"', "rule_sets[0].file"),
    ('file = "rules/national-1.toml"', 'file = "rules"', "rule_sets[0].file"),
    ('file = "rules/national-1.toml"', 'file = ""', "rule_sets[0].file"),
    ('file = "rules/national-1.toml"', "", "rule_sets[0].file"),
    ("[city]", "sources_are = 1\n[city]", "sources_are"),
]
SYNTAX = [
    ('schema = "chengdu"', 'schema = "chengdu', "line 3"),
    ('schema = "chengdu"', "schema = chengdu", "line 3"),
    ('schema = "chengdu"', 'schema = "chengdu"\nschema = "x"', "line 4"),
    ('file = "rules/national-1.toml"', 'file = """rules', f"line {GOOD.count(chr(10)) + 1}"),
]


def faults_of(path: Path) -> CityFileFaults:
    with pytest.raises(CityFileFaults) as refusal:
        read_city_file(path)
    return refusal.value


@pytest.mark.parametrize(("old", "new", "keys"), TABLE)
def test_each_fault_is_named_at_its_key_and_nothing_else_is(tmp_path: Path, old: str, new: str, keys: str) -> None:
    refusal = faults_of(write(tmp_path, changed((old, new))))
    expected = [keys] if '"' in keys else keys.split()
    assert sorted(fault.key for fault in refusal.faults) == sorted(expected)
    assert all(fault.message and str(fault) in str(refusal) for fault in refusal.faults)


@pytest.mark.parametrize(("old", "new", "line"), SYNTAX)
def test_what_is_not_toml_is_named_by_its_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert [fault.key for fault in faults_of(write(tmp_path, changed((old, new)))).faults] == [line]


def test_every_fault_is_named_in_one_go_and_what_can_be_located_is(tmp_path: Path) -> None:
    content = changed(
        ('schema = "chengdu"', 'schema = "public"'),
        ("prefer:wechat", "prefer:qq"),
        (URL, ""),
        ('app_id = "chengdu"', "page_size = 0"),
        ('source = "bigdata"', 'source = "nowhere"'),
        ('rule_set = "national"', "rule_set = 1"),
    )
    refusal = faults_of(write(tmp_path, content))
    assert {fault.key for fault in refusal.faults} == {
        "city.schema",
        "city.interim_policy",
        "sources[0].url_env",
        "sources[1].app_id",
        "sources[1].page_size",
        "providers[0].source",
        "providers[0].rule_set",
    }
    assert [located.key for located in refusal.rule_sets] == ["rule_sets[0].file"]


@pytest.mark.parametrize("name", ["sources", "providers", "rule_sets"])
@pytest.mark.parametrize("value", ["[]", "5", "[5]", '"x"'])
def test_a_city_needs_sources_providers_and_rule_sets(tmp_path: Path, name: str, value: str) -> None:
    head = GOOD[: GOOD.index("[[sources]]")].replace("prefer:wechat", "strictest")
    refusal = faults_of(write(tmp_path, f"{name} = {value}\n{head}"))
    place = f"{name}[0]" if value == "[5]" else name
    assert place in {fault.key for fault in refusal.faults}


@pytest.mark.parametrize("content", ["", "# nothing"])
def test_an_empty_file_lacks_everything(tmp_path: Path, content: str) -> None:
    keys = [fault.key for fault in faults_of(write(tmp_path, content)).faults]
    assert keys == ["city", "sources", "providers", "rule_sets"]


def test_a_file_that_is_not_there_or_not_text_is_said_so(tmp_path: Path) -> None:
    gbk = tmp_path / "gbk.toml"
    gbk.write_bytes(b'[city]\nname = "' + "成都".encode("gbk") + b'"\n')
    assert [fault.key for fault in faults_of(gbk).faults] == ["line 2"]
    assert [fault.key for fault in faults_of(tmp_path / "none.toml").faults] == ["file"]
    assert [fault.key for fault in faults_of(tmp_path).faults] == ["file"]
    deep = tmp_path / "deep.toml"
    deep.write_text("a = " + "[" * 100_000, encoding="utf-8")
    assert [fault.key for fault in faults_of(deep).faults] == ["file"]


LINES = GOOD.splitlines()


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(
    line=st.sampled_from([place for place, text in enumerate(LINES) if text.strip()]),
    value=st.sampled_from(
        ["", "= 1", '= ""', "= []", "= {}", "= true", "= 2026-01-01", "= nan", "= [{}]", f'= "{SECRET}"']
    ),
)
def test_a_broken_line_is_never_a_crash_and_never_shows_a_secret(tmp_path: Path, line: int, value: str) -> None:
    key = LINES[line].split("=")[0] if "=" in LINES[line] else ""
    path = write(tmp_path, "\n".join([*LINES[:line], f"{key}{value}" if key else "", *LINES[line + 1 :]]))
    told = _told_about(path)
    assert [word for word in (PASSWORD, SECRET, "reader") if word in told] == []


def _told_about(path: Path) -> str:
    """All that a terminal or a log could show of a refused file; nothing of one that is taken."""
    try:
        read_city_file(path)
    except CityFileFaults as refusal:
        return "".join(traceback.format_exception(refusal)) + repr(refusal.faults)
    return ""
