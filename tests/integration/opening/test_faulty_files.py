"""A faulty city file: every fault with its key, exit code 2, and nothing is written."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from codes.models import RuleSetVersion
from regions.tenancy import in_city
from tests.integration.lines import check_in, take
from tests.integration.opening.conftest import Run
from tests.integration.opening.files import Edited

Everything = Callable[[], dict[str, str]]
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)

# A change of alpha's file, or of a file beside it → the key that is named.
FAULTS: dict[str, tuple[str, str, str, str]] = {
    "schema": ('schema = "alpha"', 'schema = "public"', "alpha.toml", "city.schema"),
    "source": ('source = "police"', 'source = "polcie"', "alpha.toml", "providers[1].source"),
    "kind": ('kind = "police_database"', 'kind = "spreadsheet"', "alpha.toml", "sources[0].kind"),
    "host of beta": ("alpha.localhost", "beta.localhost", "alpha.toml", "city.host"),
    "place": ("http://127.0.0.1:9/api", "http://data.example/api", "alpha.toml", "sources[1].base_url"),
    "missing file": ("rules/local-1.toml", "rules/none.toml", "alpha.toml", "rule_sets[1].file"),
    "rule": ('colour = "yellow"', 'colour = "green"', "rules/local-1.toml", "rule_sets[1].file: rules[2].colour"),
    "no TOML": ("version = 1", "version = ", "rules/local-1.toml", "rule_sets[1].file: line 2"),
    "in force": ("hold_days = 21", "hold_days = 7", "rules/local-1.toml", "rule_sets[1].file: version"),
    "earlier day": ("2020-03-01", "2020-02-01", "rules/local-1.toml", "rule_sets[1].file: version"),
}


@pytest.mark.parametrize(("before", "after", "name", "key"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_named_and_nothing_written(
    run: Run, files: Edited, everything: Everything, before: str, after: str, name: str, key: str
) -> None:
    state = everything()
    files.change(before, after, name)
    files.change('zh = "甲市"', 'zh = "改名"')

    ended = run("open_city", str(files.alpha))

    assert ended.code == 2
    *faults, last = ended.err.splitlines()
    assert len(faults) == 1
    assert faults[0].startswith(key)
    assert last == "Nothing was written."
    assert everything() == state


def test_the_faults_of_all_files_are_named_at_once(run: Run, files: Edited) -> None:
    files.change('source = "police"', 'source = "polcie"')
    files.change("alpha.localhost", "alpha localhost")
    files.change('colour = "yellow"', 'colour = "blue"', "rules/local-1.toml")
    files.change("checkin_days = 7", "checkin_days = -7", "rules/national-1.toml")

    named = run("open_city", str(files.alpha)).err

    for key in (
        "city.host",
        "providers[1].source",
        "rule_sets[1].file: rules[2].colour",
        "rule_sets[0].file: rules[3]",
    ):
        assert key in named


def test_what_stands_in_the_way_in_the_database_is_named_at_once(
    run: Run, files: Edited, everything: Everything
) -> None:
    files.change("hold_days = 21", "hold_days = 7", "rules/local-1.toml")
    files.change("hold_days = 7\ncheckin_days = 7", "hold_days = 8\ncheckin_days = 8", "rules/national-1.toml")
    files.change("alpha.localhost", "beta.localhost")
    state = everything()

    ended = run("open_city", str(files.alpha))

    assert [line.split(": ")[0] for line in ended.err.splitlines()[:3]] == [
        "city.host",
        "rule_sets[0].file",
        "rule_sets[1].file",
    ]
    assert everything() == state


@pytest.mark.parametrize("effective_from", ["2020-02-29", "2019-01-01"])
def test_a_later_version_takes_effect_later(run: Run, files: Edited, effective_from: str) -> None:
    """Against the versions that are stored, whether or not the file still names them."""
    files.change("version = 1", "version = 2", "rules/local-1.toml")
    files.change("effective_from = 2020-03-01", f"effective_from = {effective_from}", "rules/local-1.toml")

    ended = run("open_city", str(files.alpha))

    assert ended.code == 2
    assert "rule_sets[1].file: effective_from" in ended.err


def test_where_a_run_has_settled_a_version_begins_today_or_later(run: Run, files: Edited) -> None:
    today = timezone.now().astimezone(ZoneInfo("Asia/Shanghai")).date()
    files.change("version = 1", "version = 2", "rules/local-1.toml")
    files.change("effective_from = 2020-03-01", f"effective_from = {today - timedelta(days=1)}", "rules/local-1.toml")
    assert run("recompute", "--city=alpha", "--no-collect", "--here").code == 0

    late = run("open_city", str(files.alpha))
    assert (late.code, late.err.splitlines()[0]) == (
        2,
        "rule_sets[1].file: effective_from: must not lie in the past",
    )

    files.change(f"effective_from = {today - timedelta(days=1)}", f"effective_from = {today}", "rules/local-1.toml")
    assert run("open_city", str(files.alpha)).code == 0
    files.change("version = 2", "version = 3", "rules/local-1.toml")
    files.change("hold_days = 21", "hold_days = 20", "rules/local-1.toml")
    assert run("open_city", str(files.alpha)).code == 0
    with in_city("alpha"):
        assert RuleSetVersion.objects.in_force(today).get(rule_set__code="local").version == 3


def test_two_cities_have_two_divisions(run: Run, files: Edited, everything: Everything) -> None:
    beta = next(
        line for line in (files.folder / "beta.toml").read_text(encoding="utf-8").splitlines() if "division" in line
    )
    files.change('division = "510100"', beta)
    state = everything()

    ended = run("open_city", str(files.alpha))

    assert (ended.code, ended.err.splitlines()[0]) == (2, "city.division: is the division of the city beta already")
    assert everything() == state


def test_the_zone_of_a_city_that_has_run_stays(run: Run, files: Edited, everything: Everything) -> None:
    files.change('division = "510100"', 'division = "510100"\ntimezone = "Asia/Urumqi"')
    assert "city.timezone" in run("open_city", str(files.alpha)).out
    assert run("recompute", "--city=alpha", "--no-collect", "--here").code == 0
    files.change('timezone = "Asia/Urumqi"', 'timezone = "Asia/Shanghai"')
    state = everything()

    ended = run("open_city", str(files.alpha))

    assert (ended.code, ended.err.splitlines()[0]) == (
        2,
        "city.timezone: cannot change, as the city has counted its days in the zone it had",
    )
    assert everything() == state


def test_what_could_be_meant_is_printed_as_a_warning(run: Run, files: Edited) -> None:
    files.change("version = 1", "version = 2", "rules/local-1.toml")
    files.change("effective_from = 2020-03-01", "effective_from = 2030-03-01", "rules/local-1.toml")
    path = files.alpha.parent / "rules" / "local-1.toml"
    path.write_text(path.read_text(encoding="utf-8").split("[[risk_areas]]")[0], encoding="utf-8")

    ended = run("open_city", str(files.alpha))

    assert ended.code == 0
    assert "Warning: local-2: risk_areas: are none, so no stay matches the rules that look at levels: " in ended.out


def test_a_provider_with_people_cannot_be_taken_away(run: Run, files: Edited, everything: Everything) -> None:
    with in_city("alpha"):
        take(check_in(provider="wechat"), now=NOW)
    state = everything()
    text = files.alpha.read_text(encoding="utf-8")
    start = text.index('[[providers]]\ncode = "wechat"')
    files.alpha.write_text(text[:start] + text[text.index("[[rule_sets]]") :], encoding="utf-8")

    ended = run("open_city", str(files.alpha))

    assert ended.code == 2
    assert ended.err.startswith("providers: lack wechat, of which the city has a history: put it back, retired = true")
    assert everything() == state


def test_a_credential_is_never_repeated(run: Run, files: Edited) -> None:
    files.change('url_env = "ALPHA_POLICE_URL"', 'url = "postgresql://u:tell-nobody@elsewhere.example/db"')

    ended = run("open_city", str(files.alpha))

    assert ended.code == 2
    assert "sources[0].url" in ended.err
    assert "tell-nobody" not in ended.err


def test_a_place_in_the_environment_is_checked_when_it_is_known(
    run: Run, files: Edited, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALPHA_POLICE_URL", "postgresql://u:p@elsewhere.example/db")

    ended = run("open_city", str(files.alpha))

    assert ended.code == 2
    assert "sources[0].url_env" in ended.err


def test_a_missing_file_is_a_fault(run: Run, files: Edited) -> None:
    assert run("open_city", str(files.folder / "nowhere.toml")).code == 2
