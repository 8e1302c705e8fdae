"""``docs/semantics.md`` §3, when a fact begins: planned ends, and the day of the first recording."""

from dataclasses import replace

import pytest

from codes.forecast.sentences import render_outlook
from regions.models import City
from tests.integration.engine.judging import WHO, colours, judge, listed, record, world
from tests.oracle import Rule, Suppression
from tests.worlds import TODAY, day, tick

STAY = Rule("S", "area_stay", "red", "ended", 14, area_levels=("high",))
END = TODAY + 4


@pytest.mark.parametrize(
    "rule",
    [
        STAY,
        Rule("S", "area_stay", "red", "ended", 14, 14, area_levels=("high",)),
        Rule(
            "S",
            "area_stay",
            "red",
            "ended",
            14,
            cleared_by=("isolation_completed", "negative_test"),
            area_levels=("high",),
        ),
        Rule("S", "area_stay", "red", "ended", 14),
    ],
)
def test_while_somebody_is_still_there_nothing_is_released(bare_city: City, rule: Rule) -> None:
    """Neither by what was done before the planned end, nor by a record from before it."""
    known = world(
        record("area_stay", TODAY - 3, END),
        record("isolation_completed", TODAY),
        record("negative_test", TODAY - 1),
        rules=(rule,),
        areas=(listed(-10),),
        checked_in=range(TODAY - 20, TODAY + 1),
    )
    said = judge(known)
    assert (said.colour, said.anchors, said.turns_green_on) == ("red", {day(END)}, day(END + 14))
    assert said.untils == {day(END + 14)}


@pytest.mark.parametrize("hold", [0, 2])
def test_the_clock_runs_from_the_planned_end(bare_city: City, hold: int) -> None:
    known = world(
        record("area_stay", TODAY - 1, TODAY + 2),
        rules=(Rule("S", "area_stay", "red", "ended", hold, area_levels=("high",)),),
        areas=(listed(-10),),
    )
    first, last = TODAY - 2, TODAY + 6
    green = TODAY + 2 + hold
    assert colours(known, range(first, last)) == "g" + "r" * (green - first - 1) + "g" * (last - green)


def test_a_page_says_when_the_clock_starts(bare_city: City) -> None:
    outlook = judge(world(record("area_stay", TODAY - 3, END), rules=(STAY,), areas=(listed(-10),))).outlook
    assert outlook is not None
    assert (outlook.day_number, outlook.of_days, outlook.starts_on) == (None, 14, day(END))
    english = render_outlook(outlook, language="en", title_of=str).count
    assert "The clock starts on" in english
    assert "14 days" in english
    assert render_outlook(outlook, language="zh-hans", title_of=str).count == "3月25日开始计时，共14天。"


def test_from_the_end_on_the_days_are_counted(bare_city: City) -> None:
    known = world(record("area_stay", TODAY - 8, TODAY - 4), rules=(STAY,), areas=(listed(-10),))
    outlook = judge(known).outlook
    assert outlook is not None
    assert (outlook.day_number, outlook.of_days, outlook.starts_on) == (5, 14, None)


def test_days_of_a_stay_to_come_do_not_count_yet(bare_city: City) -> None:
    """The area is listed on some day of the planned stay, but none up to now."""
    known = world(record("area_stay", TODAY - 3, END), rules=(STAY,), areas=(listed(TODAY + 2),))
    assert colours(known, range(TODAY, TODAY + 4)) == "ggrr"


RECORDED = Rule("C", "close_contact", "red", "recorded", 7)


def test_what_is_recorded_late_begins_and_counts_then(bare_city: City) -> None:
    known = world(record("close_contact", TODAY - 5, recorded=3 * (TODAY - 2)), rules=(RECORDED,))
    said = judge(known)
    assert (said.anchors, said.turns_green_on) == ({day(TODAY - 2)}, day(TODAY + 5))


def test_what_begins_after_its_recording_does_not_hold_before(bare_city: City) -> None:
    known = world(record("close_contact", TODAY + 2, recorded=3 * TODAY), rules=(RECORDED,))
    assert colours(known, range(TODAY, TODAY + 9)) == "ggrrrrrgg"


def versions(*stated: tuple[int, str, int, bool]) -> tuple:  # type: ignore[type-arg]
    return tuple(
        record(kind, started, recorded=3 * recorded, name="one", version=number, revoked=revoked)
        for number, (recorded, kind, started, revoked) in enumerate(stated, start=1)
    )


@pytest.mark.parametrize(
    ("stated", "anchor"),
    [
        ([(11, "close_contact", 10, False), (18, "close_contact", 10, False)], 11),
        ([(11, "close_contact", 10, False), (13, "close_contact", 9, False), (18, "close_contact", 10, False)], 11),
        ([(11, "close_contact", 10, False), (13, "symptom", 10, False), (18, "close_contact", 10, False)], 11),
        ([(11, "close_contact", 10, False), (13, "close_contact", 10, True), (18, "close_contact", 10, False)], 11),
        ([(11, "close_contact", 10, True), (18, "close_contact", 10, False)], 18),
        ([(11, "close_contact", 9, False), (18, "close_contact", 10, False)], 18),
        ([(11, "symptom", 10, False), (18, "close_contact", 10, False)], 18),
    ],
)
def test_the_clock_starts_with_the_first_version_that_said_so(
    bare_city: City, stated: list[tuple[int, str, int, bool]], anchor: int
) -> None:
    known = world(*versions(*stated), rules=(Rule("C", "close_contact", "red", "recorded", 30),))
    assert judge(known).anchors == {day(anchor)}


def test_a_first_version_counts_once_it_has_come_and_lies_within_the_horizon(bare_city: City) -> None:
    said = {"rules": (Rule("C", "close_contact", "red", "recorded", 30),)}
    late = (
        record("close_contact", 10, recorded=3 * 18, name="one", version=1),
        record("close_contact", 10, recorded=3 * 11, received=3 * 19, name="one", version=2),
    )
    assert judge(world(*late, **said), 18).anchors == {day(18)}  # type: ignore[arg-type]
    assert judge(world(*late, **said), 19).anchors == {day(11)}  # type: ignore[arg-type]


def test_of_two_versions_the_later_recorded_counts_in_whatever_order_they_come(bare_city: City) -> None:
    known = world(
        record("close_contact", 10, recorded=3 * 15, name="one", version=1),
        record("symptom", 10, recorded=3 * 12, received=3 * 18, name="one", version=2),
        rules=(Rule("C", "close_contact", "red"), Rule("Y", "symptom", "yellow")),
    )
    assert {rule for rule, _, _ in judge(known).hits} == {"C"}
    before = judge(known, horizon=tick(3 * 13))
    assert {rule for rule, _, _ in before.hits} == {"Y"}


def test_a_version_that_names_somebody_else_takes_the_record_away(bare_city: City) -> None:
    known = world(
        record("close_contact", 15, name="one", version=1),
        record("close_contact", 15, recorded=3 * 18, name="one", version=2, citizen="li"),
        rules=(Rule("C", "close_contact", "red"),),
    )
    assert (judge(known, 17).colour, judge(known, 17, citizen="li").colour) == ("red", "green")
    assert (judge(known).colour, judge(known, citizen="li").colour) == ("green", "red")
    assert WHO in known.citizens


def test_a_version_that_was_ruled_wrong_starts_no_clock(bare_city: City) -> None:
    told = versions((11, "close_contact", 10, False), (18, "close_contact", 10, False))
    known = world(*told, rules=(Rule("C", "close_contact", "red", "recorded", 30),))
    wrong = Suppression(told[0].origin, told[0].record_id, tick(3 * 19), version=1)
    assert judge(replace(known, suppressions=(wrong,))).anchors == {day(18)}
    ended = replace(wrong, until=tick(3 * 19 + 1))
    assert judge(replace(known, suppressions=(ended,))).anchors == {day(11)}
