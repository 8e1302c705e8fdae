"""The two rule sets as decision tables of GoRules, judged by ``zen-engine`` (Rust)."""

import json

import zen

from bench.peers.documents import Document
from bench.peers.inputs import RuleRow

NAME = "rules"


class ZenRules:
    """One version: a table over the facts of a document that collects the colours of the rules that hold the person."""

    def __init__(self, rules: list[RuleRow]) -> None:
        # Through a loader, the table is compiled once; a decision created from its text is compiled each time, 6 times slower.
        content = zen.ZenDecisionContent(json.dumps(_graph(rules)))
        self._engine = zen.ZenEngine({"loader": lambda _name: content})

    def colour(self, document: Document) -> str:
        """Return the verdict of a document."""
        found = self._engine.evaluate(NAME, document)["result"]["held"]
        held = {row["colour"] for rows in found for row in rows}
        return "red" if "red" in held else "yellow" if held else "green"


def _graph(rules: list[RuleRow]) -> dict[str, object]:
    table = {
        "hitPolicy": "collect",
        "executionMode": "loop",
        "inputField": "facts",
        "outputPath": "held",
        "inputs": [{"id": "kind", "name": "kind", "field": "kind"}, {"id": "when", "name": "when"}],
        "outputs": [{"id": "colour", "name": "colour", "field": "colour"}],
        "rules": [
            {"_id": str(number), "kind": f"'{rule.kind}'", "when": _held(rule), "colour": f"'{rule.colour}'"}
            for number, rule in enumerate(rules)
        ],
    }
    return {
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in"},
            {"id": "rules", "type": "decisionTableNode", "name": "rules", "content": table},
            {"id": "out", "type": "outputNode", "name": "out"},
        ],
        "edges": [
            {"id": "1", "sourceId": "in", "targetId": "rules", "type": "edge"},
            {"id": "2", "sourceId": "rules", "targetId": "out", "type": "edge"},
        ],
    }


def _held(rule: RuleRow) -> str:
    terms = []
    if rule.area_levels is not None and rule.kind == "area_stay":
        terms.append(f"some(levels, # in {rule.area_levels})")
    if rule.hold_days is not None:
        terms.append(f"(days < {rule.hold_days} or run < {rule.checkin_days})")
    if rule.cleared_by:
        terms.append(f"not(some(cleared, # in {rule.cleared_by}))")
    return " and ".join(terms) or "true"
