"""What the citizen reads on the way to green, in both languages."""

from datetime import date

import pytest

from codes.forecast.outlook import Act, CheckIn, Clearance, MoreTests, Outlook, Review, Wait, counted_tests, merge_acts
from codes.forecast.sentences import render_outlook

GREEN = date(2026, 12, 4)
TODAY = date(2026, 11, 24)

SAID: list[tuple[Act, str, str]] = [
    (
        CheckIn("alipay", GREEN),
        "请每天在支付宝健康打卡，直至12月4日（含当日）。",
        "Check in healthy with Alipay every day up to and on 4 December.",
    ),
    (CheckIn("alipay", None), "请每天在支付宝健康打卡。", "Check in healthy with Alipay every day."),
    (
        MoreTests(2, 1, TODAY),
        "还需2次核酸检测阴性，每次至少间隔1天，首次不早于11月24日。",
        "2 more negative tests, at least 1 day apart, the first on 24 November or later.",
    ),
    (
        MoreTests(1, 0, TODAY, ("contact_excluded",)),
        "还需1次核酸检测阴性，不早于11月24日。或者有下列任一记录：排除密接。",
        "1 more negative test, taken on 24 November or later. Or this is put on record: found not to be a contact.",
    ),
    (
        Clearance(("discharged", "case_excluded")),
        "有下列任一记录后解除：出院，或者排除病例。",
        "It ends once this is on record: discharged from hospital, or found not to be a case.",
    ),
    (Review(), "只有人工复核才能解除：可提出申诉。", "Only a manual review can end it: an appeal asks for one."),
    (Wait(GREEN), "12月4日自动解除。", "It ends by itself on 4 December."),
]


@pytest.mark.parametrize(("act", "zh", "en"), SAID)
def test_what_is_to_be_done(act: Act, zh: str, en: str) -> None:
    outlook = Outlook(None, None, None, [act])
    assert render_outlook(outlook, language="zh-hans", title_of=lambda _: "支付宝").todo == [zh]
    assert render_outlook(outlook, language="en", title_of=lambda _: "Alipay").todo == [en]


def test_the_count_of_days() -> None:
    outlook = Outlook(5, 14, GREEN)
    assert render_outlook(outlook, language="zh-hans", title_of=str).count == "第5天，共14天"
    assert render_outlook(outlook, language="en", title_of=str).count == "Day 5 of 14"
    later = Outlook(3, 16, GREEN, put_off=2)
    assert (
        render_outlook(later, language="zh-hans", title_of=str).count
        == "第3天，共16天（规定14天，因打卡须连续，顺延2天）"
    )
    assert (
        render_outlook(later, language="en", title_of=str).count
        == "Day 3 of 16 (14 by the rule, and 2 more because the check-ins must be in a row)"
    )
    assert render_outlook(Outlook(None, None, None), language="en", title_of=str).count == ""


def test_tests_are_counted_from_the_first_each_a_gap_after_the_last_counted() -> None:
    days = [date(2026, 11, day) for day in (5, 1, 2, 3)]
    assert counted_tests(days, gap_days=2) == [date(2026, 11, day) for day in (1, 3, 5)]
    assert counted_tests([], gap_days=1) == []


def test_one_series_of_tests_serves_all_rules() -> None:
    wanted: list[Act] = [
        MoreTests(1, 2, TODAY, ("discharged", "case_excluded")),
        Review(),
        MoreTests(2, 0, GREEN, ("discharged",)),
        Review(),
    ]
    assert merge_acts(wanted) == [MoreTests(2, 2, GREEN, ("discharged",)), Review()]


def test_waiting_is_told_only_where_there_is_nothing_else() -> None:
    check_in = CheckIn("alipay", TODAY)
    assert merge_acts([Wait(GREEN), check_in]) == [check_in]
    assert merge_acts([Wait(TODAY), Wait(GREEN)]) == [Wait(GREEN)]
    assert merge_acts([]) == []
