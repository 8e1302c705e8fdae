"""Declarations and check-ins become facts, and a newer declaration takes the older one's facts back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.oracle import (
    CheckIn,
    Declaration,
    FactVersion,
    Stay,
    facts_of_check_ins,
    facts_of_declarations,
    verdict,
)
from tests.unit.oracle.march import ALIPAY, LI, ZONE, at, city, march, rule

EMPTY = Declaration(LI, "alipay", "d1", at("5 1"), at("5 2"))


def kinds_seen(facts: list[FactVersion], moment: str) -> list[str]:
    """The kinds that hold Li with Alipay, each by a rule of its own that no day releases."""
    kinds = ["symptom", "contact_with_case", "unsure_contact", "area_stay", "arrival", "overseas_arrival"]
    world = city([rule(code=kind, kind=kind, until_cleared=True) for kind in kinds], facts)
    return [hit.rule_code for hit in verdict(world, LI, "alipay", march(20), at(moment)).hits]


@pytest.mark.parametrize(
    ("declaration", "stated"),
    [
        (EMPTY, []),
        (replace(EMPTY, symptoms=("fever", "cough")), [("symptom", None, march(5), None)]),
        (replace(EMPTY, contact="yes"), [("contact_with_case", None, march(5), None)]),
        (replace(EMPTY, contact="unsure"), [("unsure_contact", None, march(5), None)]),
        (
            replace(EMPTY, stays=(Stay("420100", march(1)), Stay("510104", march(2), march(3)))),
            [("area_stay", "420100", march(1), None), ("area_stay", "510104", march(2), march(3))],
        ),
        (replace(EMPTY, arrived_on=march(4)), [("arrival", None, march(4), None)]),
        (replace(EMPTY, overseas_arrival_on=march(3)), [("overseas_arrival", None, march(3), None)]),
    ],
)
def test_what_a_declaration_states(declaration: Declaration, stated: list[tuple[object, ...]]) -> None:
    facts = facts_of_declarations([declaration], ZONE)
    assert [(one.kind, one.area, one.started_on, one.ended_on) for one in facts] == stated
    for one in facts:
        assert (one.origin, one.recorded_at, one.received_at) == (ALIPAY, at("5 1"), at("5 2"))


def test_symptoms_start_on_the_day_in_the_citys_zone() -> None:
    early = replace(EMPTY, symptoms=("fever",), submitted_at=at("5 0.5"))
    assert facts_of_declarations([early], ZONE)[0].started_on == march(5)


def test_a_newer_declaration_revokes_from_its_receipt_on() -> None:
    older = replace(EMPTY, symptoms=("fever",), contact="yes")
    newer = replace(EMPTY, entry_id="d2", contact="unsure", submitted_at=at("8 1"), received_at=at("8 3"))
    facts = facts_of_declarations([newer, older], ZONE)
    assert [one.recorded_at for one in facts if one.revoked] == [at("8 1")] * 2
    assert kinds_seen(facts, "8 2") == ["contact_with_case", "symptom"]
    assert kinds_seen(facts, "8 3") == ["unsure_contact"]


def test_one_with_another_provider_revokes_nothing() -> None:
    older = replace(EMPTY, contact="yes")
    newer = replace(EMPTY, provider="wechat", submitted_at=at(8), received_at=at(8))
    assert kinds_seen(facts_of_declarations([older, newer], ZONE), "9 0") == ["contact_with_case"]


def test_one_that_arrives_after_a_newer_one_never_counts() -> None:
    older = replace(EMPTY, contact="yes", received_at=at(9))
    newer = replace(EMPTY, entry_id="d2", contact="unsure", submitted_at=at(8), received_at=at(8))
    assert kinds_seen(facts_of_declarations([older, newer], ZONE), "10 0") == ["unsure_contact"]


def test_an_unhealthy_check_in_is_a_symptom_of_its_day() -> None:
    entered = CheckIn(LI, "alipay", march(5), False, at("7 9"))
    healthy_too = replace(entered, healthy=True)
    found = facts_of_check_ins([replace(entered, received_at=at(9)), entered, healthy_too])
    assert [(one.kind, one.started_on, one.received_at) for one in found] == [("symptom", march(5), at("7 9"))]
    assert kinds_seen(found, "8 0") == ["symptom"]
