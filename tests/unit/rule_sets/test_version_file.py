"""Rule-set files: what is read, what is refused, and at which key and rule."""

from datetime import date
from pathlib import Path

import pytest

from codes.rule_sets.version_file import VersionContent, VersionFaults, read_version, version_warnings
from codes.vocabulary import Anchor, Colour
from regions.vocabulary import FactKind
from tests.unit.rule_sets.files import GOOD, changed, write

# (what stands in the good file, what is put there, the keys that are named)
TABLE = [
    ('code = "national"', 'code = "National"', "code"),
    ('code = "national"', "", "code"),
    ("version = 1", "version = 0", "version"),
    ("version = 1", 'version = "1"', "version"),
    ("version = 1", "version = true", "version"),
    ("effective_from = 2020-02-11", "", "effective_from"),
    ("effective_from = 2020-02-11", "effective_from = 2020-02-11T00:00:00", "effective_from"),
    ("effective_from = 2020-02-11", 'effective_from = "2020-02-30"', "effective_from"),
    ("effective_from = 2020-02-11", 'effective_from = "20200211"', "effective_from"),
    ("effective_from = 2020-02-11", "effective_from = 20200211", "effective_from"),
    ("effective_from = 2020-02-11", "effective_from = 2020-02-11\ncolour = 1", "colour"),
    ('code = "A4"', 'code = "A 4"', "rules[0].code"),
    ('code = "A4"', "code = 4", "rules[0].code"),
    ('code = "A4"', "", "rules[0].code"),
    ('kind = "close_contact"', 'kind = "MJ"', "rules[0].kind"),
    ('kind = "close_contact"', "", "rules[0].kind"),
    ('colour = "red"', 'colour = "green"', "rules[0].colour"),
    ('colour = "red"', 'colour = "orange"', "rules[0].colour"),
    ('colour = "red"', 'color = "red"', "rules[0].color rules[0].colour"),
    ('anchor = "recorded"', 'anchor = "received"', "rules[0].anchor"),
    ("hold_days = 14", "hold_days = -1", "rules[0].hold_days"),
    ("hold_days = 14", "hold_days = 14.0", "rules[0].hold_days"),
    ("hold_days = 14", 'hold_days = "14"', "rules[0].hold_days"),
    ("hold_days = 14", "hold_days = 99999", "rules[0].hold_days"),
    ("checkin_days = 14", "checkin_days = -1", "rules[0].checkin_days"),
    ("checkin_days = 14", 'checkin_days = "none"', "rules[0].checkin_days"),
    ("tests = 2", "tests = true", "rules[0].tests"),
    ("test_gap_days = 1", "test_gap_days = 0.5", "rules[0].test_gap_days"),
    ('"negative_test", ', '"negative", ', "rules[0].cleared_by[0]"),
    ('["negative_test", "contact_excluded"]', '"negative_test"', "rules[0].cleared_by"),
    ("hold_days = 14", 'hold_days = 14\narea_levels = ["high"]', "rules[0].area_levels"),
    ('area_levels = ["medium", "high"]', "area_levels = []", "rules[1].area_levels"),
    ('area_levels = ["medium", "high"]', 'area_levels = "high"', "rules[1].area_levels"),
    ('area_levels = ["medium", "high"]', 'area_levels = ["HIGH"]', "rules[1].area_levels[0]"),
    ('area_levels = ["medium", "high"]', 'area_levels = ["medium", "higher"]', "rules[1].area_levels"),
    ("hold_days = 7", "", "rules[1].cleared_by"),
    ("hold_days = 7", 'hold_days = "none"\ncleared_by = []', "rules[1].cleared_by"),
    ("hold_days = 14", "", "rules[0].tests"),
    ("checkin_days = 14", "checkin_days = 15", "rules[0].checkin_days"),
    ('"negative_test", ', '"close_contact", ', "rules[0].cleared_by"),
    ('title = { zh = "密切接触者", en = "Close contact" }', 'title = "密切接触者"', "rules[0].title"),
    ('zh = "密切接触者"', "zh = 1", "rules[0].title.zh"),
    ('zh = "密切接触者"', 'de = "Kontakt"', "rules[0].title.de"),
    ('area = "420100"', 'area = "4201"', "risk_areas[0].area"),
    ('area = "420100"', "area = 420100", "risk_areas[0].area"),
    ('area = "420100"', 'area = "519900"', "risk_areas[0].area"),
    ('level = "high"\nfrom', 'level = ""\nfrom', "risk_areas[0].level"),
    ("from = 2026-11-01", "", "risk_areas[0].from"),
    ("from = 2026-11-01", "from_day = 2026-11-01", "risk_areas[0].from risk_areas[0].from_day"),
    ("to = 2026-11-20", "to = 2026-10-31", "risk_areas[0].to"),
    ("to = 2026-11-20", 'to = "none"', "risk_areas[0].to"),
]


def faults_of(path: Path) -> VersionFaults:
    with pytest.raises(VersionFaults) as refusal:
        read_version(path)
    return refusal.value


@pytest.fixture
def version(tmp_path: Path) -> VersionContent:
    return read_version(write(tmp_path, GOOD))


def test_a_good_file_is_read_whole(version: VersionContent) -> None:
    assert (version.code, version.version, version.effective_from) == ("national", 1, date(2020, 2, 11))
    contact, stay = version.rules
    assert (contact.kind, contact.colour, contact.anchor) == (FactKind.CLOSE_CONTACT, Colour.RED, Anchor.RECORDED)
    assert (contact.hold_days, contact.checkin_days, contact.tests, contact.test_gap_days) == (14, 14, 2, 1)
    assert contact.cleared_by == [FactKind.CONTACT_EXCLUDED, FactKind.NEGATIVE_TEST]
    assert stay.area_levels == ["high", "medium"]
    assert [(area.area, area.from_day, area.to_day) for area in version.risk_areas] == [
        ("420100", date(2026, 11, 1), date(2026, 11, 20)),
        ("610000", date(2026, 11, 5), None),
    ]


def test_what_is_left_out_has_its_default(version: VersionContent) -> None:
    stay = version.rules[1]
    assert (stay.anchor, stay.checkin_days, stay.tests, stay.test_gap_days, stay.cleared_by) == (
        Anchor.STARTED,
        0,
        0,
        0,
        [],
    )


@pytest.mark.parametrize(("old", "new", "keys"), TABLE)
def test_each_fault_is_named_at_its_key_and_nothing_else_is(tmp_path: Path, old: str, new: str, keys: str) -> None:
    refusal = faults_of(write(tmp_path, changed((old, new))))
    assert sorted(fault.key for fault in refusal.faults) == keys.split()


def test_every_fault_is_named_in_one_go_with_its_rule(tmp_path: Path) -> None:
    content = changed(
        ('colour = "red"', 'colour = "green"'), ("hold_days = 14", "hold_days = -1"), ('"610000"', '"61"')
    )
    assert [str(fault) for fault in faults_of(write(tmp_path, content)).faults] == [
        "rules[0].colour: must be red or yellow: green is what no rule holds (rule A4)",
        "rules[0].hold_days: must be 0 or more (rule A4)",
        "risk_areas[1].area: must be the code of a division of GB/T 2260",
    ]


def test_a_rule_set_without_rules_would_make_everybody_green_and_is_refused(tmp_path: Path) -> None:
    head = GOOD[: GOOD.index("[[rules]]")]
    assert [fault.key for fault in faults_of(write(tmp_path, head)).faults] == ["rules"]
    assert [fault.key for fault in faults_of(write(tmp_path, "rules = []\n" + head)).faults] == ["rules"]


def test_a_risk_area_listed_twice_is_a_slip(tmp_path: Path) -> None:
    content = GOOD + '\n[[risk_areas]]\narea = "610000"\nlevel = "medium"\nfrom = "2026-11-05"\n'
    assert [str(fault) for fault in faults_of(write(tmp_path, content)).faults] == [
        "risk_areas[2]: repeats risk_areas[1]"
    ]


def test_what_is_not_toml_is_named_by_its_line(tmp_path: Path) -> None:
    content = changed(("version = 1", "version = one"))
    assert [fault.key for fault in faults_of(write(tmp_path, content)).faults] == ["line 3"]


def test_the_faults_of_version_2_say_what_is_wrong(tmp_path: Path) -> None:
    content = changed(
        ("checkin_days = 14", "checkin_days = 15"),
        ('["negative_test", "contact_excluded"]', '["negative_test", "symptom"]'),
        (
            'area_levels = ["medium", "high"]\ncolour = "yellow"\nhold_days = 7',
            'area_levels = ["low"]\ncolour = "yellow"\ntests = 1',
        ),
    )
    assert [str(fault) for fault in faults_of(write(tmp_path, content)).faults] == [
        "rules[0].checkin_days: must not be more than the days it holds, 14 (rule A4)",
        "rules[0].cleared_by: must be records that clear; these do not: symptom (rule A4)",
        "rules[1].tests: count only with the days it holds, which are missing (rule A7)",
        "rules[1].cleared_by: must name a record, or the days it holds be given: nothing else ends it (rule A7)",
    ]


def test_a_level_that_no_area_has_is_named(tmp_path: Path) -> None:
    content = changed(('area_levels = ["medium", "high"]', 'area_levels = ["low", "high", "lower"]'))
    assert [str(fault) for fault in faults_of(write(tmp_path, content)).faults] == [
        "rules[1].area_levels: names levels that no risk area has: low, lower (rule A7)"
    ]


def test_an_empty_risk_list_beside_rules_that_need_one_is_a_warning(tmp_path: Path) -> None:
    empty = read_version(write(tmp_path, GOOD[: GOOD.index("[[risk_areas]]")]))
    assert [str(one) for one in version_warnings(empty)] == [
        "risk_areas: are none, so no stay matches the rules that look at levels: A7"
    ]
    whole = read_version(write(tmp_path, GOOD))
    needs_none = whole.model_copy(update={"rules": whole.rules[:1], "risk_areas": []})
    assert version_warnings(whole) == version_warnings(needs_none) == []


def test_check_ins_of_a_rule_without_days_are_a_warning(tmp_path: Path) -> None:
    endless = read_version(
        write(tmp_path, changed(("hold_days = 14\ncheckin_days = 14\ntests = 2", "checkin_days = 14")))
    )
    assert [str(one) for one in version_warnings(endless)] == [
        "rules[0].checkin_days: count for nothing, as the days it holds are missing: only a record ends it (rule A4)"
    ]


def test_an_area_that_was_dissolved_is_a_warning(tmp_path: Path) -> None:
    old = read_version(write(tmp_path, changed(('area = "420100"', 'area = "500105"'))))
    assert [str(one) for one in version_warnings(old)] == [
        "risk_areas[0].area: is a division that was dissolved: only stays written under it match; today it is 500157"
    ]


WORDINGS = [
    ("", "A4", "A4", "A4", "A4"),
    ('title = { zh = "密接" }', "密接", "密接", "密接", "密接"),
    ('title = { en = "Contact" }', "Contact", "Contact", "Contact", "Contact"),
    ('title = { zh = "密接", en = "Contact" }', "密接", "Contact", "密接", "Contact"),
    ('title = { zh = "密接", en = " " }\nreason = { en = "Met." }', "密接", "密接", "Met.", "Met."),
    ('reason = { zh = "接触过。", en = "Met." }', "A4", "A4", "接触过。", "Met."),
]


@pytest.mark.parametrize(("wording", "title_zh", "title_en", "reason_zh", "reason_en"), WORDINGS)
def test_a_rule_is_never_nameless(
    tmp_path: Path, wording: str, title_zh: str, title_en: str, reason_zh: str, reason_en: str
) -> None:
    start, end = GOOD.index("title ="), GOOD.index('[[rules]]\ncode = "A7"')
    rule = read_version(write(tmp_path, f"{GOOD[:start]}{wording}\n\n{GOOD[end:]}")).rules[0]
    assert [rule.title_in("zh"), rule.title_in("en")] == [title_zh, title_en]
    assert [rule.reason_in("zh-hans"), rule.reason_in("en")] == [reason_zh, reason_en]
