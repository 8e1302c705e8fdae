"""Faults of files are said in the page's language, and none is lost."""

import tomllib

import pytest
from django.utils import translation

from codes.rule_sets.edition_file import judged
from portal.official.fault_words import PLAIN, fault_words

BROKEN = """
code = "Local"
version = 0
effective_from = "2026-02-30"
extra = 1
[[rules]]
code = "A 1"
kind = "plague"
colour = "green"
anchor = "begin"
hold_days = -1
tests = "two"
[[rules]]
code = "A2"
kind = "arrival"
colour = "yellow"
area_levels = []
hold_days = 9999
title = { zh = 3 }
[[rules]]
code = "A2"
kind = "arrival"
colour = "yellow"
area_levels = []
[[risk_areas]]
area = "12"
level = "High"
from = "2026-11-05"
to = "2026-11-01"
"""


def test_every_fault_of_a_broken_edition_has_its_chinese() -> None:
    edition, faults = judged(tomllib.loads(BROKEN))
    assert edition is None
    assert len(faults) > 14
    with translation.override("zh-hans"):
        english = [fault.message for fault in faults if fault_words(fault.message) == fault.message]
    assert english == []


def test_in_english_they_stay_as_they_are() -> None:
    _edition, faults = judged(tomllib.loads(BROKEN))
    with translation.override("en"):
        assert [fault_words(fault.message) for fault in faults if "repeats" not in fault.message] == [
            fault.message for fault in faults if "repeats" not in fault.message
        ]


@pytest.mark.parametrize("message", sorted(PLAIN))
def test_every_plain_one_is_in_the_catalogue(message: str) -> None:
    with translation.override("zh-hans"):
        assert fault_words(message) != message


def test_one_that_nobody_knows_is_not_lost() -> None:
    with translation.override("zh-hans"):
        assert fault_words("is odd") == "is odd"
        assert fault_words("is odd (rule A4)") == "is odd（规则A4）"
