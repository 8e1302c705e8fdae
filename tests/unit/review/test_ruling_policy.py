"""What a ruling must be, as truth tables."""

from datetime import date, timedelta
from itertools import product

import pytest
from django.db.models import TextChoices

from codes.review.cases.move import turns_no_stricter
from codes.review.errors import Reason
from codes.review.proposals.ruling_policy import Weighed, check_ruling, check_text, lighter, uncovered
from codes.review.proposals.rulings import effect_of
from codes.review.reasons import (
    CARRIES,
    RefusalReason,
    RulingEndReason,
    RulingReason,
    SuppressionEndReason,
    SuppressionReason,
    UpholdReason,
)
from codes.vocabulary import Colour
from regions.refusals import CommonReason, Refused
from regions.vocabulary import label_in

TODAY = date(2026, 11, 24)

REASONS = (RulingReason, SuppressionReason, UpholdReason, RefusalReason, RulingEndReason, SuppressionEndReason, Reason)


def refusal(**changes: object) -> TextChoices | None:
    """Why a sound ruling with these changes is refused; none when it is not."""
    sound = {
        "colour": "green",
        "reason_code": "wrong_person",
        "expires_on": TODAY + timedelta(days=7),
        "evidence": ["document:12"],
        "today": TODAY,
    }
    try:
        check_ruling(**{**sound, **changes})  # type: ignore[arg-type]
    except Refused as refused:
        return refused.reason
    return None


@pytest.mark.parametrize(
    ("days", "why"),
    [(-1, Reason.END_DATE), (0, Reason.END_DATE), (1, None), (30, None), (31, Reason.END_DATE), (365, Reason.END_DATE)],
)
def test_a_ruling_ends_between_tomorrow_and_thirty_days(days: int, why: Reason | None) -> None:
    assert refusal(expires_on=TODAY + timedelta(days=days)) is why


def test_a_ruling_rests_on_evidence() -> None:
    assert refusal(evidence=[]) is Reason.NO_EVIDENCE


@pytest.mark.parametrize(("reason", "colour"), list(product(RulingReason, Colour)))
def test_a_reason_carries_some_colours_and_no_others(reason: RulingReason, colour: Colour) -> None:
    why = refusal(reason_code=reason.value, colour=colour.value)
    assert (why is None) == (colour in CARRIES[reason])


def test_only_what_holds_somebody_can_turn_them_red() -> None:
    red = {reason for reason in RulingReason if Colour.RED in CARRIES[reason]}
    assert red == {RulingReason.OWNER_CONFIRMED, RulingReason.FALSE_DECLARATION, RulingReason.OLDER_DATA}


@pytest.mark.parametrize("reason_code", ["", "because", "WRONG_PERSON"])
def test_a_reason_is_from_the_list(reason_code: str) -> None:
    assert refusal(reason_code=reason_code) is Reason.UNKNOWN_REASON


@pytest.mark.parametrize("colour", ["", "unknown", "blue"])
def test_a_ruled_colour_is_a_colour(colour: str) -> None:
    assert refusal(colour=colour) is Reason.REASON_DOES_NOT_FIT


@pytest.mark.parametrize("word", [word for words in REASONS for word in words])
def test_every_reason_is_said_in_both_languages(word: RulingReason) -> None:
    assert label_in("zh-hans", word)
    assert label_in("en", word)


@pytest.mark.parametrize(
    ("colour", "than", "expected"),
    [
        ("green", "red", True),
        ("green", "yellow", True),
        ("yellow", "red", True),
        ("green", "green", False),
        ("red", "red", False),
        ("red", "green", False),
        ("green", "unknown", False),
    ],
)
def test_lighter(colour: str, than: str, expected: bool) -> None:
    assert lighter(colour, than=than) is expected


@pytest.mark.parametrize(
    ("hits", "weighed", "colour", "expected"),
    [
        ([("red", "R1", 1)], [("R1", 1, "red")], "green", False),
        ([("red", "R1", 2)], [("R1", 1, "red")], "green", True),
        ([("red", "R2", 1)], [("R1", 1, "red")], "green", True),
        ([("yellow", "Y1", 2)], [], "green", True),
        ([("yellow", "Y1", 2)], [], "yellow", False),
        ([("red", "R1", 2)], [], "yellow", True),
        ([("red", "R1", 2)], [], "red", False),
        ([("red", "R1", 1)], [("R1", 1, "yellow")], "green", True),
        ([("yellow", "R1", 1)], [("R1", 1, "red")], "green", False),
        ([("red", "R1", 1)], [("R1", 1, None)], "green", False),
        ([], [], "green", False),
    ],
)
def test_a_new_hit_is_uncovered_when_it_is_more_severe(
    hits: list[tuple[str, str, int]], weighed: Weighed, colour: str, expected: bool
) -> None:
    assert uncovered(hits, weighed=weighed, colour=colour) is expected


@pytest.mark.parametrize(
    ("colour", "before", "effect"),
    [
        ("green", "red", "the code turns green"),
        ("green", "green", "the code turns green"),
        ("yellow", "red", "the code turns lighter, not green"),
        ("yellow", "yellow", "the code turns no lighter"),
        ("red", "red", "the code turns no lighter"),
        ("yellow", "unknown", "the code turns no lighter"),
    ],
)
def test_what_a_ruling_does_for_an_appeal(colour: str, before: str, effect: str) -> None:
    assert effect_of(colour, before) == effect


@pytest.mark.parametrize(("colour", "before"), list(product(["red", "yellow", "green"], repeat=2)))
def test_a_bulk_act_gives_no_stricter_colour(colour: str, before: str) -> None:
    order = ["green", "yellow", "red"]
    assert turns_no_stricter(colour, before) is (order.index(colour) <= order.index(before))


def test_a_bulk_act_leaves_the_unknown_alone() -> None:
    assert not turns_no_stricter("green", "unknown")


def test_text_is_trimmed_and_bounded() -> None:
    assert check_text("  好  ") == "好"
    with pytest.raises(Refused) as missing:
        check_text("   ", required=True)
    assert missing.value.reason is CommonReason.NO_REASON
    with pytest.raises(Refused) as long:
        check_text("长" * 2001)
    assert long.value.reason is Reason.TEXT_TOO_LONG
