"""The case page: differences are marked, only permitted acts are offered, and it needs few queries."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from codes.models import Case, Fact, PairDiagnosis, Registration, RuleSet, Run
from codes.review.proposals import rulings, suppressions
from codes.runs.ledger import start_run
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.pages.test_my_code import late_check_ins
from tests.integration.review.desk import EVIDENCE, Desk

At = Callable[[str], Visitor]


def page_of(case: Case) -> str:
    return f"/staff/cases/{case.number}/"


def test_the_differing_record_is_marked_in_its_column_and_missing_in_the_other(desk: Desk, at_work: At) -> None:
    page = at_work("li").read(page_of(desk.case()))
    alipay, wechat = page.split("<article>")[1:3]
    assert "<mark>没有此记录：时空伴随</mark>" in alipay
    assert "<mark>时空伴随" in wechat


def test_the_rules_are_called_by_their_title(desk: Desk, at_work: At) -> None:
    """By the code where the city file has no title for them."""
    rules = RuleSet.objects.get(providers__code="wechat")
    untitled = columns(at_work("li").read(page_of(desk.case())))["wechat"]
    RuleSet.objects.filter(pk=rules.pk).update(title_zh="本地规则", title_en="Local rules")
    titled = columns(at_work("li").read(page_of(desk.case())))["wechat"]
    assert f'<span translate="no">{rules.code}第1版</span>' in untitled
    assert "<dd>本地规则第1版</dd>" in titled


def columns(page: str) -> dict[str, str]:
    """The columns of alipay and wechat."""
    cut = [part.partition("</article>")[0] for part in page.split("<article>")[1:3]]
    return dict(zip(("alipay", "wechat"), cut, strict=True))


def test_the_columns_are_those_of_the_run_that_judged_the_citizen_last(desk: Desk, at_work: At) -> None:
    """A record ruled out since the day's run is seen no more, one received since then is; and the colour says the same."""
    before = columns(at_work("li").read(page_of(desk.case())))["wechat"]
    assert "时空伴随" in before
    assert "红码" in before
    told: dict[str, Any] = {
        "origin": "source",
        "source_id": desk.keys.sources["police"],
        "record_id": "late-one",
        "version": 1,
    }
    recorded = desk.now - timedelta(hours=2)
    days: dict[str, Any] = {"started_on": recorded.date(), "recorded_at": recorded, "received_at": desk.now}
    Fact.objects.create(citizen=desk.citizen("zhang"), kind="arrival", **told, **days)
    wrong = suppressions.propose_suppression(
        fact_id=desk.fact().pk, reason_code="never_happened", evidence=EVIDENCE, by="li", now=desk.now
    )
    suppressions.approve_suppression(suppression_id=wrong.pk, by="wang", now=desk.now)
    after = columns(at_work("li").read(page_of(desk.case())))
    assert "黄码" in after["wechat"]
    assert "外地来（返）人员" in after["wechat"]
    assert desk.fact().record_id not in after["wechat"]
    assert "绿码" in after["alipay"]
    assert "late-one" not in after["alipay"]
    amending = Run.objects.get(state=Run.State.AMENDED)
    numbers = re.findall(r"<dd>(\d+)", at_work("li").read(f"/staff/runs/{amending.pk}/"))
    assert numbers[:2] == [str(amending.counts["people"]), str(amending.counts["changed"])]
    assert amending.counts["changed"] > 0


def test_late_check_ins_are_shown_as_not_counted(desk: Desk, at_work: At) -> None:
    case = desk.case()
    late_check_ins(desk, case.citizen.ref)
    columns_shown = columns(at_work("li").read(page_of(case)))
    assert all("2天：已保存，不计入天数" in column for column in columns_shown.values())


def test_a_record_ruled_out_while_a_run_is_open_says_that_it_still_counts(desk: Desk, at_work: At) -> None:
    start_run(by="system", now=desk.now, collects=False)
    wrong = suppressions.propose_suppression(
        fact_id=desk.fact().pk, reason_code="never_happened", evidence=EVIDENCE, by="li", now=desk.now
    )
    suppressions.approve_suppression(suppression_id=wrong.pk, by="wang", now=desk.now)
    wechat = columns(at_work("li").read(page_of(desk.case())))["wechat"]
    assert "红码" in wechat
    assert "已裁定有误，下次判定前仍计入" in wechat


def test_a_provider_applied_with_after_the_run_shows_no_colour(desk: Desk, at_work: At) -> None:
    Registration.objects.filter(citizen__ref="zhang", provider__code="alipay").update(registered_at=desk.now)
    assert "绿码" not in columns(at_work("li").read(page_of(desk.case())))["alipay"]


@pytest.mark.parametrize("state", ["received", "in_review", "waiting_for_information", "proposed", "decided"])
def test_few_questions_in_every_state(desk: Desk, at_work: At, state: str) -> None:
    case = desk.bring(desk.case(), state)
    person = at_work("li")
    with at_most(12):
        person.read(page_of(case))


def test_a_free_case_offers_a_reviewer_everything(desk: Desk, at_work: At) -> None:
    page = at_work("li").read(page_of(desk.case()))
    for act in ("take", "look", "decide", "ask", "correct", "complex", "reveal"):
        assert f'/{act}/"' in page, act
    assert "release" not in page


def test_a_colleagues_case_is_taken_over_first(desk: Desk, at_work: At) -> None:
    case = desk.bring(desk.case(), "in_review")
    page = at_work("wu").read(page_of(case))
    assert "li" in page
    assert "接手" in page
    assert "/decide/" not in page


def test_an_approver_is_offered_no_reviewers_act(desk: Desk, at_work: At) -> None:
    page = at_work("wang").read(page_of(desk.case()))
    for act in ("take", "decide", "ask", "correct", "complex", "wrong"):
        assert f'/{act}/"' not in page, act


def test_a_closed_case_offers_nothing_to_decide(desk: Desk, at_work: At) -> None:
    page = at_work("li").read(page_of(desk.bring(desk.case(), "decided")))
    for act in ("take", "decide", "ask", "correct", "complex"):
        assert f'/{act}/"' not in page, act


def test_the_appeal_with_its_words_is_on_the_page(desk: Desk, at_work: At) -> None:
    desk.appeal("zhang", text="我那天在家")
    page = at_work("li").read(page_of(desk.case("zhang", "appeal")))
    assert "我那天在家" in page
    assert "不予支持" in page


def test_a_missing_case_is_the_plain_404(desk: Desk, at_work: At) -> None:
    for number in ("D20200101-000001", "%00", "D2020%27"):
        assert at_work("li").get(f"/staff/cases/{number}/").status_code == 404, number


def test_english_is_complete(desk: Desk, at_work: At) -> None:
    page = at_work("li").in_english().read(page_of(desk.case()))
    assert "Save and next" in page
    assert "Not here: " in page


def test_what_the_citizen_says_comes_before_what_the_providers_show(desk: Desk, at_work: At) -> None:
    """An appeal has no diagnosis of its own where the providers agree; it stands where the diagnosis would."""
    desk.appeal("zhang", "other", text="当天在外地")
    case = desk.case("zhang", kind="appeal")
    PairDiagnosis.objects.all().delete()
    page = at_work("li").read(page_of(case))
    assert page.index("当天在外地") < page.index("并排对照")
    assert "该案件没有诊断结果" not in page
    ruling = desk.propose("zhang", "green", kind="appeal")
    page = at_work("wang").read(f"/staff/approvals/rulings/{ruling.pk}/")
    assert page.index("当天在外地") < page.index("并排对照")


def test_a_case_that_follows_is_linked_both_ways(desk: Desk, at_work: At) -> None:
    first = desk.case()
    ruling = desk.approve(desk.propose())
    rulings.propose_end(ruling_id=ruling.pk, reason_code="newer_facts", reason="查明属实", by="li", now=desk.now)
    rulings.approve_end(ruling_id=ruling.pk, by="wang", now=desk.now)
    second = desk.case()
    assert second != first
    ended = "（其复核决定已于2026年11月24日提前终止，理由：有新的记录或材料，情况已有不同）"
    assert f">{first.number}</a>{ended}" in at_work("li").read(page_of(second))
    assert f'后续案件 <a href="{page_of(second)}">{second.number}</a>' in at_work("li").read(page_of(first))
