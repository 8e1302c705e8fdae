"""A good rule-set file to break in one place at a time."""

from pathlib import Path

GOOD = """
code = "national"
version = 1
effective_from = 2020-02-11

[[rules]]
code = "A4"
kind = "close_contact"
colour = "red"
anchor = "recorded"
hold_days = 14
checkin_days = 14
tests = 2
test_gap_days = 1
cleared_by = ["negative_test", "contact_excluded"]
title = { zh = "密切接触者", en = "Close contact" }
reason = { zh = "您被认定为密切接触者。", en = "You were found to be a close contact." }

[[rules]]
code = "A7"
kind = "area_stay"
area_levels = ["medium", "high"]
colour = "yellow"
hold_days = 7

[[risk_areas]]
area = "420100"
level = "high"
from = 2026-11-01
to = 2026-11-20

[[risk_areas]]
area = "610000"
level = "medium"
from = "2026-11-05"
"""


def write(folder: Path, content: str, name: str = "national-1.toml") -> Path:
    """The content as a rule-set file."""
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def changed(*changes: tuple[str, str], content: str = GOOD) -> str:
    """The good file with each first text replaced, once, by the second; the first has to be there."""
    for old, new in changes:
        assert old in content, old
        content = content.replace(old, new, 1)
    return content
