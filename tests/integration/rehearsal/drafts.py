"""Drafts made from the rules of a world: some rules are milder, some have another colour, one is removed."""

from datetime import date
from pathlib import Path
from typing import Any

from codes.rule_sets.version_file import VersionContent
from regions.vocabulary import CLEARING_KINDS
from tests.oracle import Rule, RuleSetVersion, World, version_in_force


def draft_of(world: World, rule_set: str, *, day: date, effective_from: date) -> VersionContent:
    """Return a draft of the next version: rules hold half as long and have the other colour in turn, and the last is removed."""
    stored = version_in_force(world, rule_set, day)
    assert stored
    newest = max(one.version for one in world.rule_sets if one.code == rule_set)
    rules = stored.rules[:-1] if len(stored.rules) > 1 else stored.rules
    return VersionContent.model_validate(
        {
            "code": rule_set,
            "version": newest + 1,
            "effective_from": effective_from,
            "rules": [_changed(rule, place, stored) for place, rule in enumerate(rules)],
            "risk_areas": [
                {"area": one.area, "level": one.level, "from": one.from_day, "to": one.to_day}
                for one in stored.risk_areas
            ],
        }
    )


def as_file(version: VersionContent, folder: Path) -> Path:
    """Write the draft as a file for ``open_city``. Return its path."""
    lines = [f'code = "{version.code}"', f"version = {version.version}", f"effective_from = {version.effective_from}"]
    for rule in version.rules:
        values = {key: value for key, value in rule.model_dump(mode="json").items() if value is not None}
        values = {key: value for key, value in values.items() if key not in ("title", "reason")}
        lines += ["[[rules]]", *(f"{key} = {_toml(value)}" for key, value in values.items())]
    for area in version.risk_areas:
        lines += ["[[risk_areas]]", f'area = "{area.area}"', f'level = "{area.level}"', f"from = {area.from_day}"]
        lines += [f"to = {area.to_day}"] if area.to_day else []
    path = folder / "draft.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _changed(rule: Rule, place: int, stored: RuleSetVersion) -> dict[str, Any]:
    """Return the changed rule. What a drawn rule may contain but a file may not is corrected."""
    colour = {"red": "yellow", "yellow": "red"}[rule.colour] if place % 2 else rule.colour
    hold_days = rule.hold_days if rule.hold_days is None or place % 2 else rule.hold_days // 2
    cleared_by = [kind for kind in rule.cleared_by if kind in CLEARING_KINDS]
    listed = {area.level for area in stored.risk_areas}
    levels = [level for level in rule.area_levels if level in listed or not listed]
    return {
        "code": rule.code,
        "kind": rule.kind,
        "area_levels": levels or None,
        "colour": colour,
        "anchor": rule.anchor,
        "hold_days": hold_days,
        "checkin_days": rule.checkin_days if hold_days is None else min(rule.checkin_days, hold_days),
        "tests": 0 if hold_days is None else rule.tests,
        "test_gap_days": rule.test_gap_days,
        "cleared_by": cleared_by if cleared_by or hold_days is not None else ["contact_excluded"],
    }


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return str(value) if isinstance(value, int) else f'"{value}"'
