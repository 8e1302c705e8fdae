"""Reasons are kept as codes and worded in the language of the page; an error that nobody expected, as it came."""

import re
from typing import Any

import pytest
from django.db.models import TextChoices
from django.utils import translation

from codes.models import ExportFault, ExportJob
from regions.journal.verify import ChainBreak, break_message
from regions.leased_jobs import DIED
from regions.vocabulary import label_in


@pytest.mark.parametrize(
    ("fault", "params", "reason", "told"),
    [
        (*DIED, "its worker died 3 times without a message", "连续3次中断"),
        (ExportFault.DISK_FULL, {"file": "/srv/x.csv"}, "/srv/x.csv: No space left on device", "磁盘空间不足"),
    ],
)
def test_a_known_reason_is_told_in_chinese(fault: TextChoices, params: dict[str, Any], reason: str, told: str) -> None:
    job = ExportJob(fault=fault, params=params)
    with translation.override("zh-hans"):
        assert told in job.localized_message
    with translation.override("en"):
        assert job.localized_message == reason


@pytest.mark.parametrize(
    ("data", "chinese", "english"),
    [
        (
            {"reason": "missing_entry", "parts": {"entry": 7, "stands": 8}},
            "缺少第7条",
            "entry 7 is missing; 8 stands in its place",
        ),
        (
            {"reason": "tail_cut", "parts": {"entries": 12}},
            "应有12条",
            "the tail is cut: a signed checkpoint knows 12 entries",
        ),
        ({"reason": "a sentence from before"}, "a sentence from before", "a sentence from before"),
    ],
)
def test_how_a_chain_is_broken_is_told_in_both_languages(data: dict[str, Any], chinese: str, english: str) -> None:
    assert chinese in break_message(data, "zh-hans")
    assert break_message(data, "en") == english


def test_every_way_a_chain_breaks_has_its_chinese() -> None:
    assert len(ChainBreak) > 4
    assert all(re.search(r"[\u4e00-\u9fff]", label_in("zh-hans", one)) for one in ChainBreak)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_new_reason_is_told_as_it_came(language: str) -> None:
    assert ExportJob(fault="error", params={"error": "something new"}).message_in(language) == "something new"
