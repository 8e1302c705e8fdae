"""The two rule sets in JsonLogic, the language of the EU certificates' business rules, judged by ``json-logic-qubit``."""

from typing import Any

from json_logic import jsonLogic

from bench.peers.documents import Document
from bench.peers.inputs import RuleRow


class JsonLogicRules:
    """One version: whether any fact is held by a red rule, then by a yellow one."""

    def __init__(self, rules: list[RuleRow]) -> None:
        self.logic = {
            colour: {"some": [{"var": "facts"}, {"or": [_held(rule) for rule in rules if rule.colour == colour]}]}
            for colour in ("red", "yellow")
        }

    def colour(self, document: Document) -> str:
        """Return the verdict of a document."""
        for colour, logic in self.logic.items():
            if jsonLogic(logic, document):
                return colour
        return "green"


def _held(rule: RuleRow) -> dict[str, Any]:
    terms: list[dict[str, Any]] = [{"==": [{"var": "kind"}, rule.kind]}]
    if rule.area_levels is not None and rule.kind == "area_stay":
        terms.append({"some": [{"var": "levels"}, {"in": [{"var": ""}, rule.area_levels]}]})
    if rule.hold_days is not None:
        too_early, too_few = {"<": [{"var": "days"}, rule.hold_days]}, {"<": [{"var": "run"}, rule.checkin_days]}
        terms.append({"or": [too_early, too_few]})
    if rule.cleared_by:
        terms.append({"!": [{"some": [{"var": "cleared"}, {"in": [{"var": ""}, rule.cleared_by]}]}]})
    return {"and": terms}
