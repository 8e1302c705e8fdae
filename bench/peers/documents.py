"""The document about a person for a rule engine: facts with everything computed that its language cannot express.

Dates, unbroken check-ins, risk areas and "cleared since" are computed in Python beforehand, as the host of such an engine has to.
Rules that count tests cannot be expressed; the shipped rule sets have none.
"""

from datetime import date, timedelta
from typing import Any

from bench.peers.inputs import FactRow, Inputs, RuleRow

Document = dict[str, Any]


def document(inputs: Inputs, citizen_id: int, provider_id: int) -> Document:
    """Return ``{"facts": [{kind, levels, days, run, cleared}]}`` of everything the provider sees about the citizen."""
    provider = inputs.providers[provider_id]
    facts = [fact for fact in inputs.facts.get(citizen_id, []) if inputs.sees(provider, fact)]
    checked_in = inputs.check_ins.get((citizen_id, provider_id), [])
    return {
        "facts": [
            {
                "kind": fact.kind,
                "levels": _levels(inputs, provider.version_id, fact),
                "days": (inputs.day - fact.started_on).days,
                "run": longest_run(checked_in, fact.started_on, inputs.day),
                "cleared": [other.kind for other in facts if _clears(other, fact) and other.started_on <= inputs.day],
            }
            for fact in facts
            if fact.started_on <= inputs.day
        ]
    }


def _clears(other: FactRow, fact: FactRow) -> bool:
    """Return whether one fact clears another. A test of the same day may precede it. The bench's stays end on the day they began."""
    if other.kind == "negative_test":
        return other.started_on > fact.started_on
    return other.started_on >= fact.started_on


def longest_run(spans: list[tuple[date, date]], since: date, until: date) -> int:
    """Return the longest run of days of the spans (whose second day is exclusive) within since … until, both inclusive."""
    end = until + timedelta(days=1)
    return max((max((min(last, end) - max(first, since)).days, 0) for first, last in spans), default=0)


def can_be_said(rule: RuleRow) -> bool:
    """Return whether these documents are sufficient for the rule."""
    return rule.tests == 0 and rule.anchor in ("started", "ended")


def _levels(inputs: Inputs, version_id: int, fact: FactRow) -> list[str]:
    if fact.area is None:
        return []
    covering = {fact.area, fact.area[:4] + "00", fact.area[:2] + "0000"}
    last = fact.ended_on or inputs.day
    return [
        entry.level
        for entry in inputs.risk_areas.get(version_id, [])
        if entry.area in covering
        and entry.from_day <= last
        and (entry.to_day is None or entry.to_day >= fact.started_on)
    ]
