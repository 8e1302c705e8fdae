"""Worked examples of the 16 hybrids: which swaps suffice, and which cause comes first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.oracle import (
    SUBSETS,
    Batch,
    Diagnosis,
    FactVersion,
    Provider,
    Registration,
    Rule,
    RuleSetVersion,
    Source,
    diagnose,
)
from tests.oracle.diagnosis import Factor, primary_cause
from tests.unit.oracle.march import LI, at, city, fact, march, rule


def diagnosis(rules_a: list[Rule], rules_b: list[Rule], facts: list[FactVersion], b_complete: int = 12) -> Diagnosis:
    """Of alipay (A: big data, complete to the 12th) and wechat (B: police) on the 12th."""
    world = city(
        [],
        facts,
        providers=(Provider("alipay", "bigdata", "national"), Provider("wechat", "police", "local")),
        sources=(
            Source("bigdata", timedelta(days=9), (Batch(at(12), at(12)),)),
            Source("police", timedelta(days=9), (Batch(at(12), at(b_complete)),)),
        ),
        rule_sets=(
            RuleSetVersion("national", 1, march(0), tuple(rules_a)),
            RuleSetVersion("local", 1, march(0), tuple(rules_b)),
        ),
        registrations=(Registration(LI, "alipay", at(0)), Registration(LI, "wechat", at(0))),
    )
    return diagnose(world, LI, "alipay", "wechat", march(12), at(12))


def swaps(*sets: set[Factor]) -> frozenset[frozenset[Factor]]:
    return frozenset(frozenset(one) for one in sets)


def test_all_sixteen_hybrids_are_asked() -> None:
    assert len(set(SUBSETS)) == 16


def test_fourteen_against_seven_days() -> None:
    both = [fact("close_contact", 3), fact("close_contact", 3, origin="bigdata")]
    found = diagnosis([rule(hold_days=14)], [rule(hold_days=7)], both)
    assert found == Diagnosis("rules", swaps({"rules"}), swaps({"rules"}))


def test_a_record_only_one_source_holds() -> None:
    found = diagnosis([rule()], [rule()], [fact("close_contact", 3, origin="bigdata")])
    assert found == Diagnosis("source", swaps({"source"}), swaps({"source"}))


def test_a_record_one_source_will_hold_later() -> None:
    late = fact("close_contact", 3, origin="bigdata", recorded=11, received=11)
    found = diagnosis([rule()], [rule()], [late], b_complete=9)
    assert found == Diagnosis("freshness", swaps({"freshness"}, {"source"}), swaps({"freshness", "source"}))


def test_a_declared_answer() -> None:
    declared = rule(kind="contact_with_case")
    found = diagnosis([declared], [declared], [fact("contact_with_case", 5, origin="alipay")])
    assert found == Diagnosis("declaration", swaps({"declaration"}), swaps({"declaration"}))


def test_a_record_and_the_rule_for_it_on_one_side_only() -> None:
    found = diagnosis([rule()], [], [fact("close_contact", 3, origin="bigdata")])
    assert found == Diagnosis("rules", swaps({"rules"}, {"source"}), swaps({"rules", "source"}))


def test_two_pieces_needed_on_either_side_are_an_interaction() -> None:
    """A is red by its source's record and its rule; B, with neither, is yellow by an answer A's rules do not know."""
    answer = rule(code="B1", kind="unsure_contact", colour="yellow")
    facts = [fact("close_contact", 3, origin="bigdata"), fact("unsure_contact", 3, origin="wechat")]
    found = diagnosis([rule()], [answer], facts)
    assert found == Diagnosis("interaction", swaps({"rules", "declaration"}), swaps({"rules", "source"}))


def test_minimal_swaps_may_differ_in_size() -> None:
    """B is red twice: by an answer both rule sets hold, and by its source's record that only its own rules hold."""
    answer = rule(code="A1", kind="contact_with_case")
    facts = [fact("contact_with_case", 5, origin="wechat"), fact("close_contact", 3, origin="police")]
    found = diagnosis([answer], [answer, rule()], facts)
    assert found.swaps_a_to_b == swaps({"declaration"}, {"rules", "source"})
    assert found.swaps_b_to_a == swaps({"declaration", "rules"}, {"declaration", "source"})


def test_agreement_has_no_diagnosis() -> None:
    with pytest.raises(ValueError, match="do not disagree"):
        diagnosis([rule()], [rule()], [])


def test_ties_between_single_swaps() -> None:
    order: list[Factor] = ["freshness", "rules", "declaration", "source"]
    for place, factor in enumerate(order):
        assert primary_cause(swaps(*({one} for one in reversed(order[place:])))) == factor
    assert primary_cause(swaps({"freshness", "rules"}, {"source"})) == "source"
    assert primary_cause(swaps({"freshness", "rules"}, {"declaration", "source"})) == "interaction"
