"""The rule sets that are shipped: whole, readable by citizens, and true to what they say."""

import re
from collections import Counter
from pathlib import Path

import pytest

from codes.rule_sets.version_file import Rule, VersionContent, read_version
from codes.vocabulary import Colour
from regions.divisions import divisions
from regions.vocabulary import CLEARING_KINDS, FactKind

FILES = sorted((Path(__file__).parents[3] / "cities" / "rules").glob("*.toml"))
STEMS = [path.stem for path in FILES]
VERSIONS = [read_version(path) for path in FILES]
RULES = [(version, rule) for version in VERSIONS for rule in version.rules]
DISCHARGE = [FactKind.CASE_EXCLUDED, FactKind.DISCHARGED]
DECLARED = {FactKind.SYMPTOM, FactKind.CONTACT_WITH_CASE}
HALF_WIDTH_BESIDE_CHINESE = re.compile(r"[\u4e00-\u9fff][,;:!?()]|[,;:!?()][\u4e00-\u9fff]")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize(("path", "version"), list(zip(FILES, VERSIONS, strict=True)), ids=STEMS)
def test_each_file_is_named_after_what_it_holds(path: Path, version: VersionContent) -> None:
    assert path.stem == f"{version.code}-{version.version}"
    assert {area.area for area in version.risk_areas} <= set(divisions())


@pytest.mark.parametrize(("version", "rule"), RULES, ids=lambda value: value.code)
def test_every_rule_speaks_two_languages_in_full_sentences(version: VersionContent, rule: Rule) -> None:
    assert CHINESE.search(rule.title.zh)
    assert rule.title.en
    assert rule.reason.zh.endswith("。")
    assert rule.reason.en.endswith(".")
    assert not HALF_WIDTH_BESIDE_CHINESE.search(rule.title.zh + rule.reason.zh)
    assert not CHINESE.search(rule.title.en + rule.reason.en)
    assert not {one.code for one in version.rules}.intersection(
        re.findall(r"[A-Z]-?\d+", rule.reason.zh + rule.reason.en)
    ), "citizens know no codes of rules"


@pytest.mark.parametrize(("version", "rule"), RULES, ids=lambda value: value.code)
def test_the_days_a_reason_promises_are_the_days_of_the_rule(version: VersionContent, rule: Rule) -> None:
    held = [] if rule.hold_days is None else [str(rule.hold_days)]
    checked_in = [str(rule.checkin_days)] if rule.checkin_days else []
    # R1 and R2 of Sichuan also announce the 28 days of R3.
    said = [days for days in re.findall(r"(\d+)天", rule.reason.zh) if rule.cleared_by != DISCHARGE or days != "28"]
    assert said == held + checked_in
    assert ("阴性" in rule.reason.zh) == bool(rule.tests or FactKind.NEGATIVE_TEST in rule.cleared_by)
    assert ("两次" in rule.reason.zh) == (rule.tests == 2)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.code)
def test_cases_are_red_symptoms_are_yellow_and_clearing_kinds_clear(version: VersionContent) -> None:
    colours = {(rule.kind, rule.colour) for rule in version.rules}
    assert {kind for kind, colour in colours if colour is Colour.RED} >= {
        FactKind.CONFIRMED_CASE,
        FactKind.CLOSE_CONTACT,
    }
    assert (FactKind.SYMPTOM, Colour.YELLOW) in colours
    assert {rule.kind for rule in version.rules} >= DECLARED
    assert all(set(rule.cleared_by) <= CLEARING_KINDS for rule in version.rules)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.code)
def test_every_level_on_the_risk_list_is_used_by_a_rule(version: VersionContent) -> None:
    used = {level for rule in version.rules for level in rule.area_levels or []}
    assert {area.level for area in version.risk_areas} <= used


def test_sichuan_has_its_18_rows_and_guangxi_its_14_reasons() -> None:
    by_code = {version.code: version for version in VERSIONS}
    assert Counter(rule.colour for rule in by_code["sichuan"].rules) == {Colour.RED: 12, Colour.YELLOW: 6}
    assert {rule.code.split("-")[0] for rule in by_code["guangxi"].rules} == {
        *(f"A{number}" for number in range(1, 9)),
        *(f"B{number}" for number in range(1, 7)),
    }
