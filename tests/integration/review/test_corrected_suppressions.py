"""A suppressed record that its source corrects to another person: it counts for that person, and officials are told (ADR 107)."""

from datetime import timedelta
from typing import Any

import pytest

from codes.effective import effective_code
from codes.models import Fact, Suppression
from codes.review.errors import Reason
from codes.review.proposals import suppressions
from codes.review.proposals.whose_record import covers, naming_somebody_else, rulings_about
from regions.refusals import Refused
from tests.integration.review.desk import EVIDENCE, Desk

HOUR = timedelta(hours=1)


def suppress(desk: Desk, fact: Fact, **changes: Any) -> Suppression:
    """Two people rule that the record is wrong, three hours ago unless it is said otherwise."""
    now = changes.get("now", desk.now - 3 * HOUR)
    asked: dict[str, Any] = {"reason_code": "never_happened", "evidence": EVIDENCE, "by": "li", "now": now}
    one = suppressions.propose_suppression(fact_id=fact.pk, **asked)
    return suppressions.approve_suppression(suppression_id=one.pk, by="wang", now=now)


@pytest.fixture
def corrected(desk: Desk) -> Suppression:
    """The record of zhang, suppressed three hours ago; two hours later its source named liu."""
    wrong = suppress(desk, desk.fact("zhang"))
    desk.tell("liu", "confirmed_case", record_id="police-zhang")
    desk.run()
    return wrong


def reds(desk: Desk, name: str) -> set[str]:
    verdicts = desk.citizen(name).verdicts.filter(provider__code="wechat", colour="red")
    return {hit["rule"] for verdict in verdicts for hit in verdict.hits}


def test_it_counts_for_the_person_whom_it_names_now(desk: Desk, corrected: Suppression) -> None:
    assert reds(desk, "liu") == {"R1", "R3"}
    assert reds(desk, "zhang") == set()
    assert effective_code(desk.citizen("liu").pk, now=desk.now).colour == "red"


def test_it_stays_hidden_for_the_person_it_was_decided_about(desk: Desk, corrected: Suppression) -> None:
    desk.tell("zhang", "confirmed_case", record_id="police-zhang")
    desk.run()
    assert (reds(desk, "zhang"), reds(desk, "liu")) == (set(), {"R1"})


def test_officials_are_told_until_they_decide(desk: Desk, corrected: Suppression) -> None:
    told = naming_somebody_else(now=desk.now)
    assert [(one.pk, vars(one)["names"]) for one in told] == [(corrected.pk, "liu")]
    assert not naming_somebody_else(now=desk.now + timedelta(days=40)).exists()
    suppress(desk, desk.tell("liu", "confirmed_case", record_id="police-zhang"), now=desk.now)
    assert not naming_somebody_else(now=desk.now).exists()
    desk.run()
    assert reds(desk, "liu") == {"R1"}


def test_an_ended_ruling_is_not_announced(desk: Desk, corrected: Suppression) -> None:
    key: dict[str, Any] = {"suppression_id": corrected.pk, "now": desk.now}
    suppressions.propose_suppression_end(reason_code="found_right", reason="x", by="li", **key)
    suppressions.approve_suppression_end(by="wang", **key)
    assert not naming_somebody_else(now=desk.now).exists()


def test_a_ruling_whose_record_names_the_same_person_is_not_announced(desk: Desk) -> None:
    suppress(desk, desk.fact("zhang"))
    desk.tell("zhang", "spacetime_overlap", record_id="police-zhang", detail={"place": "x"})
    assert not naming_somebody_else(now=desk.now).exists()


def test_whose_record_it_is_now_reads_nothing_of_the_ruling_about_another(desk: Desk, corrected: Suppression) -> None:
    assert list(rulings_about(desk.citizen("zhang"))) == [corrected]
    assert list(rulings_about(desk.citizen("liu"))) == []


def test_covered_is_covered_once(desk: Desk, corrected: Suppression) -> None:
    now_of_liu = Fact.objects.get(record_id="police-zhang", superseded=False)
    assert not covers(now_of_liu)
    assert covers(Fact.objects.get(record_id="police-zhang", superseded=True))
    suppress(desk, now_of_liu, now=desk.now)
    assert covers(now_of_liu)
    with pytest.raises(Refused) as refused:
        suppress(desk, now_of_liu, now=desk.now)
    assert refused.value.reason is Reason.RULED_ALREADY
