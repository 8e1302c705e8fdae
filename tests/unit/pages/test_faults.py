"""Faults of files are codes, said in either language by the place that shows them."""

import tomllib
from string import Formatter

import pytest

from codes.rule_sets.version_file import judged
from regions.faults import Fault, FaultCode
from regions.vocabulary import label_in

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


def test_every_fault_of_a_broken_version_has_its_chinese() -> None:
    version, faults = judged(tomllib.loads(BROKEN))
    assert version is None
    assert len(faults) > 14
    english = [fault.message for fault in faults if fault.message_in("zh-hans") == fault.message]
    assert english == []
    assert [fault.code for fault in faults if fault.code is FaultCode.NOT_VALID] == []


def test_in_english_they_stay_as_commands_print_them() -> None:
    _version, faults = judged(tomllib.loads(BROKEN))
    assert [fault.message_in("en") for fault in faults] == [fault.message for fault in faults]


@pytest.mark.parametrize("code", [code for code in FaultCode if code is not FaultCode.AS_WRITTEN])
def test_every_code_is_said_in_both_languages_with_the_same_parts(code: FaultCode) -> None:
    zh, en = (_parts(label_in(language, code)) for language in ("zh-hans", "en"))
    assert label_in("zh-hans", code) != label_in("en", code)
    assert zh <= en


def test_a_list_of_words_is_joined_as_the_language_joins_it() -> None:
    _version, faults = judged(tomllib.loads(BROKEN))
    fault = next(one for one in faults if one.key == "rules[0].anchor")
    assert fault.message_in("zh-hans") == "应为下列之一：started、ended、recorded（规则A 1）"
    assert fault.message == "must be one of 'started', 'ended' or 'recorded' (rule A 1)"


def test_one_in_a_rule_names_it() -> None:
    fault = Fault("rules[0].code", FaultCode.MISSING, {"rule": "A4"})
    assert fault.message_in("zh-hans") == "缺失（规则A4）"
    assert str(fault) == "rules[0].code: is missing (rule A4)"


def _parts(sentence: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in Formatter().parse(sentence) if name is not None}
