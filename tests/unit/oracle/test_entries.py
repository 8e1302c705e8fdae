"""Declarations and check-ins become facts, and a newer declaration takes the older one's facts back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.oracle import (
    QUESTIONS,
    CheckIn,
    Declaration,
    FactVersion,
    Question,
    Stay,
    facts_of_check_ins,
    facts_of_declarations,
    verdict,
)
from tests.unit.oracle.march import ALIPAY, LI, ZONE, Row, at, city, march, rule

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
        (replace(EMPTY, symptoms=("none",)), []),
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


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_revokes_those_to_the_same_question_only(question: Question) -> None:
    stays = (Stay("420100", march(1)),)
    older = replace(
        EMPTY, symptoms=("fever",), contact="yes", stays=stays, arrived_on=march(4), overseas_arrival_on=march(3)
    )
    newer = replace(EMPTY, entry_id="d2", submitted_at=at(8), received_at=at(8), answered=frozenset({question}))
    kinds = {
        "symptoms": "symptom",
        "contact": "contact_with_case",
        "area_stays": "area_stay",
        "arrival": "arrival",
        "overseas_arrival_on": "overseas_arrival",
    }
    left = sorted(set(kinds.values()) - {kinds[question]})
    assert kinds_seen(facts_of_declarations([newer, older], ZONE), "9 0") == left


def test_one_that_answers_nothing_states_and_revokes_nothing() -> None:
    older = replace(EMPTY, contact="yes")
    newer = replace(EMPTY, entry_id="d2", submitted_at=at(8), received_at=at(8), contact="unsure", answered=frozenset())
    assert kinds_seen(facts_of_declarations([older, newer], ZONE), "9 0") == ["contact_with_case"]


def test_a_fast_clock_cannot_outrank_a_later_correction() -> None:
    fast = replace(EMPTY, contact="yes", submitted_at=at(30), received_at=at(6))
    correction = replace(EMPTY, entry_id="d2", contact="unsure", submitted_at=at(8), received_at=at(8))
    facts = facts_of_declarations([correction, fast], ZONE)
    assert kinds_seen(facts, "9 0") == ["unsure_contact"]
    stated = next(one for one in facts if one.kind == "contact_with_case")
    assert (stated.recorded_at, stated.started_on) == (at(6), march(6))


def test_two_of_one_instant_count_in_the_order_received() -> None:
    first = replace(EMPTY, entry_id="z", contact="yes", submitted_at=at(5), received_at=at(6))
    second = replace(EMPTY, entry_id="a", contact="unsure", submitted_at=at(5), received_at=at(7))
    assert kinds_seen(facts_of_declarations([second, first], ZONE), "9 0") == ["unsure_contact"]


UNHEALTHY = CheckIn(LI, "alipay", march(5), False, at("5 13"), at("5 12"), "c1")


def test_an_unhealthy_check_in_is_a_symptom_of_its_day_whenever_it_comes() -> None:
    late = replace(UNHEALTHY, received_at=at(19), submitted_at=None)
    found = facts_of_check_ins([late], ZONE)
    assert [(one.kind, one.started_on, one.received_at) for one in found] == [("symptom", march(5), at(19))]
    assert kinds_seen(found, "20 0") == ["symptom"]


@pytest.mark.parametrize(
    ("changes", "revoked"),
    [
        ({"submitted_at": at("5 12.1")}, True),
        ({"submitted_at": at("5 11.9")}, False),
        ({"submitted_at": at("6 12")}, True),
        ({"submitted_at": at("7 12")}, False),
        ({"submitted_at": None, "received_at": at("6 12")}, True),
        ({"submitted_at": at("5 12.1"), "day": march(6)}, False),
        ({"submitted_at": at("5 12.1"), "provider": "wechat"}, False),
        ({"submitted_at": at("5 12.1"), "healthy": False, "entry_id": "c2"}, False),
    ],
)
def test_only_a_later_healthy_one_of_its_day_that_is_not_late_revokes_it(changes: Row, revoked: bool) -> None:
    other = replace(UNHEALTHY, **{"healthy": True, "received_at": at(8), "entry_id": "c2", **changes})
    for order in ([UNHEALTHY, other], [other, UNHEALTHY]):
        assert (not kinds_seen(facts_of_check_ins(order, ZONE), "9 0")) is revoked


def test_it_is_revoked_from_the_receipt_of_the_healthy_one_on() -> None:
    healthy = replace(UNHEALTHY, healthy=True, entry_id="c2", submitted_at=at("5 14"), received_at=at("8 9"))
    found = facts_of_check_ins([UNHEALTHY, healthy], ZONE)
    assert kinds_seen(found, "8 8") == ["symptom"]
    assert kinds_seen(found, "8 9") == []


def test_one_that_arrives_after_its_replacement_never_counts() -> None:
    healthy = replace(UNHEALTHY, healthy=True, entry_id="c2", submitted_at=at("5 14"), received_at=at("5 14"))
    found = facts_of_check_ins([healthy, replace(UNHEALTHY, received_at=at(8))], ZONE)
    assert kinds_seen(found, "9 0") == []


def test_a_declaration_without_symptoms_answers_another_question() -> None:
    healthy = replace(EMPTY, submitted_at=at(6), received_at=at(6))
    facts = [*facts_of_check_ins([UNHEALTHY], ZONE), *facts_of_declarations([healthy], ZONE)]
    assert kinds_seen(facts, "9 0") == ["symptom"]
