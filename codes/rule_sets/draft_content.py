"""A draft's content: what a rule-set file says, as JSON; made of a stored edition or a file, and judged with all its faults."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from pydantic import ValidationError

from codes.models import RiskArea, Rule, RuleSetVersion
from codes.rule_sets.edition import Edition
from codes.rule_sets.edition import Rule as EditionRule
from codes.rule_sets.edition_file import judged
from codes.rule_sets.publish import CannotPublish, check_publishable
from regions.faults import Fault, FaultCode
from regions.toml_files import shape_faults

Content = dict[str, Any]


def content_of(stored: RuleSetVersion) -> Content:
    """A stored edition as its file would say it."""
    rules = stored.rules.order_by("pk")
    areas = stored.risk_areas.order_by("area", "from_day", "pk")
    return {
        "code": stored.rule_set.code,
        "version": stored.version,
        "effective_from": stored.effective_from.isoformat(),
        "rules": [_rule(rule) for rule in rules],
        "risk_areas": [_area(area) for area in areas],
    }


def next_content(stored: RuleSetVersion, *, newest: RuleSetVersion, today: date) -> Content:
    """What a new edition begins with: the stored one's tables, the next number, and the first day it may take."""
    first_day = max(today, newest.effective_from) + timedelta(days=1)
    return {**content_of(stored), "version": newest.version + 1, "effective_from": first_day.isoformat()}


def plain(value: Any) -> Any:
    """A file's content as JSON that can be stored: days become text, NUL the sign for what cannot be read.

    What a file cannot mean is left for the judging to refuse.
    """
    match value:
        case dict():
            return {plain(str(name)): plain(inner) for name, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
        case str():
            return value.replace("\x00", "\ufffd")
        case None | bool() | int():
            return value
        case float():
            # JSON knows no infinity; no field of an edition is a fraction, so the text is refused with its key.
            return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def content_faults(content: Mapping[str, Any], *, code: str, today: date) -> tuple[Edition | None, list[Fault]]:
    """The edition the content means, or none and everything that is wrong with it, each at its key.

    ``code``: of the rule set it is for. An edition begins today or later: past days were judged.
    """
    edition, faults = judged(dict(content))
    if edition is None:
        return None, faults
    if edition.code != code:
        faults.append(Fault("code", FaultCode.OTHER_CODE, {"code": code}))
    if edition.effective_from < today:
        faults.append(Fault("effective_from", FaultCode.IN_THE_PAST))
    try:
        check_publishable(edition, today=today)
    except CannotPublish as refusal:
        faults.append(refusal.fault)
    return (None, faults) if faults else (edition, [])


def rule_faults(rule: Content) -> list[Fault]:
    """What is wrong with one rule by itself, by the keys of its table."""
    try:
        EditionRule.model_validate(rule)
    except ValidationError as error:
        return shape_faults(error, rule)
    return []


def _rule(rule: Rule) -> Content:
    told: Content = {"code": rule.code, "kind": rule.kind, "colour": rule.colour, "anchor": rule.anchor}
    if rule.area_levels is not None:
        told["area_levels"] = list(rule.area_levels)
    if rule.hold_days is not None:
        told["hold_days"] = rule.hold_days
    return told | {
        "checkin_days": rule.checkin_days,
        "tests": rule.tests,
        "test_gap_days": rule.test_gap_days,
        "cleared_by": list(rule.cleared_by),
        "title": {"zh": rule.title_zh, "en": rule.title_en},
        "reason": {"zh": rule.reason_zh, "en": rule.reason_en},
    }


def _area(area: RiskArea) -> Content:
    told: Content = {"area": area.area, "level": area.level, "from": area.from_day.isoformat()}
    return told | ({"to": area.to_day.isoformat()} if area.to_day else {})
