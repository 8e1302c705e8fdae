"""Reasons that are written down in English are told in Chinese on Chinese pages; one that is new, as it came."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from portal.auditor.reasons import PATTERNS, reason_told


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("its worker died 3 times without a message", "连续 3 次中断"),
        ("entry 7 is missing; 8 stands in its place", "缺少第 7 条"),
        ("the tail is cut: a signed checkpoint knows 12 entries", "应有 12 条"),
        ("/srv/x.csv: No space left on device", "磁盘空间不足"),
    ],
)
def test_a_known_reason_is_told_in_chinese(reason: str, told: str) -> None:
    with translation.override("zh-hans"):
        assert told in reason_told(reason)
    with translation.override("en"):
        assert reason_told(reason) == reason


def test_every_way_a_chain_breaks_has_its_chinese() -> None:
    source = (Path(settings.BASE_DIR) / "regions/journal/verify.py").read_text(encoding="utf-8")
    reasons = re.findall(r'Verification\([^)]*?,\s*f?"([^"]+)"', source)
    assert len(reasons) > 4
    for reason in reasons:
        written = re.sub(r"\{[^}]+\}", "5", reason)
        assert any(pattern.fullmatch(written) for pattern, _ in PATTERNS), written


def test_a_new_reason_is_told_as_it_came() -> None:
    with translation.override("zh-hans"):
        assert reason_told("something new") == "something new"
