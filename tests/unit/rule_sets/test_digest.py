"""When two files hold the same content, and when the same version holds other content."""

from pathlib import Path

import pytest

from codes.rule_sets.version_file import canonical_digest, digests, read_version
from tests.unit.rule_sets.files import GOOD, changed, write

HEAD, FIRST, LAST = GOOD.split("[[rules]]")
SECOND, *AREAS = LAST.split("[[risk_areas]]")
LISTED, REVERSED = ("".join(f"[[risk_areas]]{area}" for area in areas) for areas in (AREAS, reversed(AREAS)))

SAME = [
    f"{HEAD}[[rules]]{SECOND}[[rules]]{FIRST}{LISTED}",
    f"{HEAD}[[rules]]{FIRST}[[rules]]{SECOND}{REVERSED}",
    changed(("effective_from = 2020-02-11", 'effective_from = "2020-02-11"  # in force since')),
    changed(('area_levels = ["medium", "high"]', 'area_levels = ["high", "medium", "high"]')),
    changed(('["negative_test", "contact_excluded"]', '["contact_excluded", "negative_test"]')),
    changed(('colour = "yellow"', 'colour = "yellow"\nanchor = "started"\ntests = 0')),
    changed(('colour = "yellow"', 'colour = "yellow"\ntitle = { zh = "A7", en = "A7" }')),
]
OTHER = [
    ('code = "national"', 'code = "local"'),
    ("version = 1", "version = 2"),
    ("effective_from = 2020-02-11", "effective_from = 2020-02-12"),
    ('code = "A7"', 'code = "A8"'),
    ('kind = "close_contact"', 'kind = "secondary_contact"'),
    ('area_levels = ["medium", "high"]', 'area_levels = ["high"]'),
    ('area_levels = ["medium", "high"]', ""),
    ('colour = "red"', 'colour = "yellow"'),
    ('anchor = "recorded"', 'anchor = "ended"'),
    ("hold_days = 14", "hold_days = 15"),
    ("hold_days = 14\ncheckin_days = 14\ntests = 2", "checkin_days = 14"),
    ("checkin_days = 14", "checkin_days = 7"),
    ("tests = 2", "tests = 1"),
    ("test_gap_days = 1", "test_gap_days = 0"),
    ('["negative_test", "contact_excluded"]', '["contact_excluded"]'),
    ('en = "Close contact"', 'en = "Contact"'),
    ('zh = "您被认定为密切接触者。"', 'zh = "您是密切接触者。"'),
    ('area = "420100"', 'area = "420000"'),
    (
        'level = "medium"\nfrom = "2026-11-05"',
        'level = "low"\nfrom = "2026-11-05"\n[[risk_areas]]\narea = "610000"\nlevel = "medium"\nfrom = "2026-11-06"',
    ),
    ("from = 2026-11-01", "from = 2026-11-02"),
    ("to = 2026-11-20", ""),
]


def digest(folder: Path, content: str) -> str:
    return canonical_digest(read_version(write(folder, content)))


@pytest.mark.parametrize("content", SAME)
def test_the_way_a_file_is_written_does_not_count(tmp_path: Path, content: str) -> None:
    assert content != GOOD
    assert digest(tmp_path, content) == digest(tmp_path, GOOD)


def test_the_order_of_rules_with_one_code_does_not_count(tmp_path: Path) -> None:
    one, other = (text.replace('"A7"', '"A4"') for text in (FIRST, SECOND))
    in_order, reversed_ = (
        f"{HEAD}[[rules]]{one}[[rules]]{other}{LISTED}",
        f"{HEAD}[[rules]]{other}[[rules]]{one}{LISTED}",
    )
    assert in_order != reversed_
    assert digest(tmp_path, in_order) == digest(tmp_path, reversed_)


def test_a_version_that_an_earlier_release_stored_has_the_same_content(tmp_path: Path) -> None:
    one, other = (text.replace('"A7"', '"A4"') for text in (FIRST, SECOND))
    stored = {
        digests(read_version(write(tmp_path, f"{HEAD}[[rules]]{first}[[rules]]{second}{LISTED}")))[1]
        for first, second in ((one, other), (other, one))
    }
    assert len(stored) == 2, "the order of the file counted"
    assert digests(read_version(write(tmp_path, GOOD))) == (digest(tmp_path, GOOD),) * 2


@pytest.mark.parametrize(("old", "new"), OTHER)
def test_every_field_counts(tmp_path: Path, old: str, new: str) -> None:
    assert digest(tmp_path, changed((old, new))) != digest(tmp_path, GOOD)


def test_the_digest_is_sha_256_in_hex_and_stays_what_it_is(tmp_path: Path) -> None:
    # Stored digests are compared with later readings: a change of the canonical form would refuse every old file.
    assert digest(tmp_path, GOOD) == "98956ff66818f531fab56f0065965c96b1291af727b679a74c4641c5210c6f8a"
