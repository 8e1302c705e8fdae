"""The forecast of the effective code: the end of a ruling counts, and where no rule ends a hit, a review is needed."""

from datetime import date, timedelta

import pytest

from codes.forecast.outlook import Clearance, Review, Wait, effective_outlook
from codes.forecast.sentences import act_sentence
from codes.models import Rule
from codes.review.proposals import suppressions
from regions.models import City
from tests.integration.review.conftest import desk
from tests.integration.review.desk import EVIDENCE, Desk

__all__ = ["desk"]
HELD_FROM = date(2026, 11, 22)


def outlook(desk: Desk, name: str) -> object:
    return effective_outlook(desk.citizen(name).pk, now=desk.now)


def test_without_a_ruling_it_is_the_providers_day(desk: Desk) -> None:
    found = outlook(desk, "chen")
    green = HELD_FROM + timedelta(days=7)
    assert (found.day_number, found.of_days, found.turns_green_on) == (3, 7, green)  # type: ignore[attr-defined]
    assert found.acts == [Wait(green)]  # type: ignore[attr-defined]


def test_check_ins_that_began_late_put_the_day_off(desk: Desk) -> None:
    """Seven days in a row from the third day on end a day after the seven days of the rule, which its reason names."""
    Rule.objects.filter(code="Y1").update(checkin_days=7)
    desk.run(everybody=True)
    found = outlook(desk, "chen")
    assert (found.of_days, found.put_off) == (8, 1)  # type: ignore[attr-defined]
    Rule.objects.filter(code="Y1").update(checkin_days=5)
    desk.run(everybody=True)
    found = outlook(desk, "chen")
    assert (found.of_days, found.put_off) == (7, 0)  # type: ignore[attr-defined]


def test_a_ruling_holds_until_it_ends_though_the_record_is_over_before(desk: Desk) -> None:
    ruling = desk.approve(desk.propose("chen", "yellow"))
    found = outlook(desk, "chen")
    assert ruling.expires_on > HELD_FROM + timedelta(days=7)
    assert (found.day_number, found.of_days, found.turns_green_on) == (None, None, ruling.expires_on)  # type: ignore[attr-defined]


def test_a_record_that_outlasts_the_ruling_counts_after_it(desk: Desk) -> None:
    ruling = desk.approve(desk.propose("liu", "yellow"))
    found = outlook(desk, "liu")
    green = HELD_FROM + timedelta(days=14)
    assert ruling.expires_on < green
    assert (found.of_days, found.turns_green_on) == (14, green)  # type: ignore[attr-defined]


def test_a_ruling_to_green_leaves_no_way_to_go(desk: Desk) -> None:
    desk.approve(desk.propose("zhang", "green"))
    assert outlook(desk, "zhang") is None


@pytest.mark.parametrize(("cleared_by", "act"), [([], Review()), (["discharged"], Clearance(("discharged",)))])
def test_what_no_day_ends_waits_for_a_record_or_else_for_a_review(
    desk: Desk, cleared_by: list[str], act: object
) -> None:
    Rule.objects.filter(code="R3").update(cleared_by=cleared_by)
    desk.tell("zhang", "confirmed_case")
    desk.run()
    found = outlook(desk, "zhang")
    assert (found.turns_green_on, found.day_number, found.acts) == (None, None, [act])  # type: ignore[attr-defined]


def test_a_review_is_said_in_both_languages(bare_city: City) -> None:
    assert (
        act_sentence(Review(), language="en", title_of=str)
        == "Only a manual review can end it: an appeal asks for one."
    )
    assert "申诉" in act_sentence(Review(), language="zh-hans", title_of=str)


def test_after_a_mending_it_is_asked_of_what_is_known_now(desk: Desk) -> None:
    desk.tell("zhang", "arrival")
    desk.run()
    proposed = suppressions.propose_suppression(
        fact_id=desk.fact().pk, reason_code="never_happened", evidence=EVIDENCE, by="li", now=desk.now
    )
    suppressions.approve_suppression(suppression_id=proposed.pk, by="wang", now=desk.now + timedelta(hours=2))
    found = outlook(desk, "zhang")
    assert (found.day_number, found.of_days) == (2, 7)  # type: ignore[attr-defined]
