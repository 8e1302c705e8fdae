"""The page of the journeys: every sentence names tests that are there, and every row is of something measured."""

import json
from pathlib import Path

from tests.journeys.__main__ import TITLES, measured, page, sentences
from tests.journeys.measuring import PROPERTY, Taken
from tests.trust.__main__ import CHECKOUT


def test_every_named_test_is_there() -> None:
    missing = []
    for name in {name for one in sentences() for name in one["tests"]}:
        path, _, function = name.partition("::")
        place = CHECKOUT / path
        if not place.exists() or (function and f"def {function}(" not in place.read_text(encoding="utf-8")):
            missing.append(name)
    assert missing == []


def test_a_row_says_what_was_measured(tmp_path: Path) -> None:
    found = {"journey": "appeal", "device": "phone", "language": "en", "clicks": 7, "screens": 6, "seconds": 3.2}
    value = json.dumps(found).replace('"', "&quot;")
    told = f'<testsuite><testcase><properties><property name="{PROPERTY}" value="{value}"/></properties></testcase></testsuite>'
    (tmp_path / "junit.xml").write_text(told, encoding="utf-8")
    taken = list(measured(tmp_path / "junit.xml"))
    assert taken == [Taken("appeal", "phone", "en", 7, 6, 3.2)]
    written = page(taken)
    assert f"| {TITLES['appeal']} | phone | English | 7 | 6 | 3.2 |" in written
    assert all(str(one["says"]) in written for one in sentences())
