"""Which rules of two editions stand against each other about a fact."""

from collections.abc import Sequence
from itertools import zip_longest

from codes.diagnosis.piece import RULE_PARAMETERS
from codes.models import Rule
from codes.vocabulary import Colour

RulePair = tuple[Rule | None, Rule | None]


def rule_pairs(a: Sequence[Rule], b: Sequence[Rule], *, holding: set[int]) -> list[RulePair]:
    """The pairs of which at least one rule holds the fact, the most severe first.

    ``a`` and ``b`` are both editions' rules for its kind. What stands in both, under whatever code, explains nothing, as often
    as it does; of the others, those of one code belong together, and what is left is set side by side, or against none.
    """
    only_a, only_b = _differing(a, b)
    common = sorted({rule.code for rule in only_a} & {rule.code for rule in only_b})
    pairs: list[RulePair] = []
    for code in common:
        pairs += zip_longest(_of_code(only_a, code), _of_code(only_b, code))
    rest_a, rest_b = (
        _by_weight([rule for rule in only if rule.code not in common], holding) for only in (only_a, only_b)
    )
    pairs += zip_longest(rest_a, rest_b)
    held = [pair for pair in pairs if any(rule and rule.pk in holding for rule in pair)]
    return sorted(held, key=lambda pair: -max(_severity(rule) for rule in pair if rule and rule.pk in holding))


def _differing(a: Sequence[Rule], b: Sequence[Rule]) -> tuple[list[Rule], list[Rule]]:
    """What is left when equal rules have been taken away two by two, those of one code first."""
    only_a, only_b = list(a), list(b)
    for same_code in (True, False):
        for rule in tuple(only_a):
            twins = (other for other in only_b if other.code == rule.code or not same_code)
            if twin := next((other for other in twins if _parameters(other) == _parameters(rule)), None):
                only_a.remove(rule)
                only_b.remove(twin)
    return only_a, only_b


def _of_code(rules: Sequence[Rule], code: str) -> list[Rule]:
    return [rule for rule in rules if rule.code == code]


def _parameters(rule: Rule) -> list[object]:
    return [getattr(rule, name) for name in RULE_PARAMETERS]


def _by_weight(rules: Sequence[Rule], holding: set[int]) -> list[Rule]:
    return sorted(rules, key=lambda rule: (rule.pk not in holding, -_severity(rule), rule.code, rule.pk))


def _severity(rule: Rule) -> int:
    return Colour(rule.colour).severity
