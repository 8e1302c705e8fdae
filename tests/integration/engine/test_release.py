"""``docs/semantics.md`` §3, release: what clears, which tests count, and stays without an end."""

import pytest

from codes.forecast.outlook import MoreTests, TellEnd, Wait
from codes.forecast.sentences import act_sentence
from regions.models import City
from tests.integration.engine.judging import AREA, colours, judge, listed, record, world
from tests.oracle import RiskArea, Rule, RuleSetVersion
from tests.worlds import TODAY, day

STAY = Rule("S", "area_stay", "red", "ended", 3, cleared_by=("isolation_completed",), area_levels=("high",))


@pytest.mark.parametrize("anchor", ["started", "ended", "recorded"])
def test_only_a_test_of_a_later_day_clears(bare_city: City, anchor: str) -> None:
    rule = Rule("O", "spacetime_overlap", "yellow", anchor, 7, cleared_by=("negative_test",))  # type: ignore[arg-type]
    overlap, same_day = record("spacetime_overlap", TODAY), record("negative_test", TODAY, recorded=3 * TODAY)
    overlap = record("spacetime_overlap", TODAY, recorded=3 * TODAY)
    assert judge(world(overlap, same_day, rules=(rule,))).colour == "yellow"
    following = record("negative_test", TODAY + 1, recorded=3 * TODAY + 3)
    assert colours(world(overlap, same_day, following, rules=(rule,)), range(TODAY, TODAY + 2)) == "yg"


def test_a_test_taken_before_its_recording_does_not_clear_what_counts_from_there(bare_city: City) -> None:
    rule = Rule("O", "spacetime_overlap", "yellow", "recorded", 7, cleared_by=("negative_test",))
    overlap = record("spacetime_overlap", TODAY - 5, recorded=3 * (TODAY - 1))
    taken = [record("negative_test", number) for number in (TODAY - 3, TODAY - 1)]
    assert judge(world(overlap, *taken, rules=(rule,))).colour == "yellow"
    assert judge(world(overlap, record("negative_test", TODAY, recorded=3 * TODAY), rules=(rule,))).colour == "green"


@pytest.mark.parametrize(("excluded", "colour"), [(TODAY - 6, "red"), (TODAY - 5, "green"), (TODAY - 3, "green")])
def test_an_exclusion_may_be_written_down_before_the_contact_is(bare_city: City, excluded: int, colour: str) -> None:
    """From the contact's own day on; only rules that count from the recording ask for it."""
    contact = record("close_contact", TODAY - 5, recorded=3 * (TODAY - 1))
    known = {"rules": (Rule("C", "close_contact", "red", "recorded", 14, cleared_by=("contact_excluded",)),)}
    assert judge(world(contact, record("contact_excluded", excluded), **known)).colour == colour  # type: ignore[arg-type]


def test_a_clearing_that_lies_ahead_clears_on_its_day(bare_city: City) -> None:
    rules = (Rule("C", "close_contact", "red", hold_days=None, cleared_by=("contact_excluded",)),)
    known = world(
        record("close_contact", TODAY - 2), record("contact_excluded", TODAY + 2, recorded=3 * TODAY), rules=rules
    )
    assert colours(known, range(TODAY, TODAY + 4)) == "rrgg"
    assert judge(known).turns_green_on == day(TODAY + 2)


@pytest.mark.parametrize(("taken", "green"), [((10, 12), None), ((11, 12), 17), ((11, 19), 19), ((11, 22), 22)])
def test_tests_serve_from_the_day_after_the_anchor(bare_city: City, taken: tuple[int, int], green: int | None) -> None:
    rules = (Rule("C", "close_contact", "red", "started", 7, tests=2, test_gap_days=1),)
    tests = [record("negative_test", number, recorded=0) for number in taken]
    known = world(record("close_contact", 10), *tests, rules=rules)
    until = green or 27
    assert colours(known, range(9, 27)) == "g" + "r" * (until - 10) + "g" * (27 - until)
    if green is None:
        outlook = judge(known, 10).outlook
        assert outlook is not None
        assert outlook.acts == [MoreTests(1, 1, day(13), ())]


@pytest.mark.usefixtures("bare_city")
class TestStaysWithoutAnEnd:
    """The stay goes on; the days count from the last day on which its area was listed."""

    def test_nothing_releases_while_the_area_is_listed(self) -> None:
        known = world(
            record("area_stay", TODAY - 20),
            record("isolation_completed", TODAY, recorded=3 * TODAY),
            rules=(STAY,),
            areas=(listed(TODAY - 30),),
            checked_in=range(TODAY - 20, TODAY + 1),
        )
        said = judge(known)
        assert (said.colour, said.anchors, said.turns_green_on) == ("red", {day(TODAY)}, None)
        assert said.needs == {("S", True)}
        assert said.outlook is not None
        assert said.outlook.acts == [TellEnd(AREA, None)]

    @pytest.mark.parametrize(
        ("declared", "audience"), [(True, "citizen"), (True, "official"), (False, "citizen"), (False, "official")]
    )
    def test_the_missing_act_is_said_in_both_languages(self, declared: bool, audience: str) -> None:
        act = TellEnd(AREA, "alipay" if declared else None)
        english, chinese = (
            act_sentence(act, language=language, title_of=lambda _: "Alipay", audience=audience)  # type: ignore[arg-type]
            for language in ("en", "zh-hans")
        )
        assert "Wuhan" in english
        assert "武汉" in chinese
        assert ("Alipay" in english) == ("Alipay" in chinese) == declared

    def test_where_the_end_of_the_listing_is_known_so_is_the_day(self) -> None:
        known = world(record("area_stay", TODAY - 5), rules=(STAY,), areas=(listed(0, TODAY + 2),))
        said = judge(known)
        assert (said.anchors, said.turns_green_on) == ({day(TODAY)}, day(TODAY + 5))
        assert said.untils == {day(TODAY + 5)}
        assert said.outlook is not None
        assert (said.outlook.starts_on, said.outlook.of_days) == (day(TODAY + 2), 3)
        assert said.outlook.acts == [Wait(day(TODAY + 5))]
        assert colours(known, range(TODAY, TODAY + 7)) == "rrrrrgg"

    def test_after_the_listing_it_counts_from_its_last_day(self) -> None:
        known = world(record("area_stay", TODAY - 9), rules=(STAY,), areas=(listed(0, TODAY - 1),))
        assert judge(known).anchors == {day(TODAY - 1)}
        cleared = record("isolation_completed", TODAY - 1)
        assert judge(world(*known.facts, cleared, rules=(STAY,), areas=(listed(0, TODAY - 1),))).colour == "green"
        early = record("isolation_completed", TODAY - 2)
        assert judge(world(*known.facts, early, rules=(STAY,), areas=(listed(0, TODAY - 1),))).colour == "red"

    def test_check_ins_count_from_there(self) -> None:
        rules = (Rule("S", "area_stay", "red", "ended", 0, 3, area_levels=("high",)),)
        known = world(record("area_stay", 0), rules=rules, areas=(listed(0, TODAY - 1),), checked_in=range(TODAY + 9))
        assert colours(known, range(TODAY - 1, TODAY + 3)) == "rrgg"

    def test_it_is_judged_anew_when_the_area_is_listed_again(self) -> None:
        areas = (listed(0, 5), listed(12, 14), listed(16, 17))
        known = world(record("area_stay", 3), rules=(STAY,), areas=areas)
        assert colours(known, range(2, 22)) == "grrrrrggggrrrrrrrrgg"
        assert judge(known, 4).turns_green_on == day(8)
        assert judge(known, 13).turns_green_on == day(20)
        assert judge(known, 13).untils == {day(20)}

    def test_only_the_levels_of_the_rule_count(self) -> None:
        areas = (listed(0, TODAY - 9), listed(0, None, level="medium"), listed(0, None, area="420200"))
        known = world(record("area_stay", 0), rules=(STAY,), areas=areas)
        assert judge(known).colour == "green"

    @pytest.mark.parametrize(("anchor", "levels"), [("started", ()), ("started", ("high",)), ("ended", ())])
    def test_without_levels_or_by_another_anchor_it_counts_from_its_beginning(
        self, anchor: str, levels: tuple[str, ...]
    ) -> None:
        rule = Rule("S", "area_stay", "red", anchor, 3, area_levels=levels)  # type: ignore[arg-type]
        known = world(record("area_stay", TODAY - 2), rules=(rule,), areas=(listed(0),))
        assert (judge(known).anchors, judge(known).turns_green_on) == ({day(TODAY - 2)}, day(TODAY + 1))

    def test_a_later_version_may_end_the_listing(self) -> None:
        later = RuleSetVersion("national", 2, day(TODAY + 4), (STAY,), (listed(0, TODAY + 1),))
        known = world(record("area_stay", TODAY - 5), rules=(STAY,), areas=(listed(0),), later=(later,))
        said = judge(known)
        assert (said.colour, said.turns_green_on, said.needs) == ("red", day(TODAY + 4), frozenset())
        assert colours(known, range(TODAY, TODAY + 5)) == "rrrrg"


@pytest.mark.parametrize(
    ("stayed_in", "entry", "colour"),
    [
        ("500112", "500112", "red"),
        ("500112", "500157", "red"),
        ("500105", "500157", "red"),
        ("500105", "500100", "red"),
        ("500157", "500112", "green"),
        ("500106", "500157", "green"),
    ],
)
def test_a_stay_in_a_dissolved_division_matches_its_successor(
    bare_city: City, stayed_in: str, entry: str, colour: str
) -> None:
    stay = record("area_stay", TODAY - 3, TODAY - 1, area=stayed_in)
    areas = (RiskArea(entry, "high", day(0)),)
    assert judge(world(stay, rules=(STAY,), areas=areas)).colour == colour


def test_a_day_beyond_a_year_is_not_named(bare_city: City) -> None:
    for hold, green in ((366, day(TODAY + 366)), (367, None)):
        said = judge(world(record("arrival", TODAY), rules=(Rule("Y", "arrival", "yellow", hold_days=hold),)))
        assert (said.turns_green_on, said.needs) == (green, frozenset())
        assert said.outlook is not None
        assert said.outlook.acts == [Wait(day(TODAY + hold))]
