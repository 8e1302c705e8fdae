"""A closed case shows what was known when it was closed, and how its decisions ended."""

from datetime import timedelta

from django.utils import translation

from codes.engine.provider_states import provider_states, provider_states_at
from codes.explanation import explain
from codes.models import Guardianship
from codes.review.proposals import rulings
from tests.integration.official.conftest import At
from tests.integration.official.test_case_page import columns, page_of
from tests.integration.pages.asking import at_most
from tests.integration.review.desk import Desk

WHY_ENDED = "原决定的依据查明不实"


def colours(states: list) -> dict[str, str]:  # type: ignore[type-arg]
    return {one.inputs.provider.code: one.state.value for one in states}


def test_a_closed_case_shows_the_colours_it_was_decided_by(desk: Desk, at_work: At) -> None:
    """zhang stays red with wechat; a day later the police take the record back, and both are green."""
    case = desk.bring(desk.case("zhang"), "decided")
    desk.revoke("zhang")
    later = desk.now + timedelta(hours=5)
    desk.run(later)
    now = later + timedelta(minutes=1)
    assert colours(provider_states(case.citizen_id, now=now)) == {"alipay": "green", "wechat": "green"}
    assert colours(provider_states_at(case.citizen_id, at=desk.now)) == {"alipay": "green", "wechat": "red"}
    li = at_work("li")
    with at_most(12):
        page = li.read(page_of(case))
    shown = columns(page)
    assert "绿码" in shown["alipay"]
    assert "红码" in shown["wechat"]
    assert "时空伴随" in shown["wechat"]
    assert "结案时" in page
    assert "今日有效码" in page


def test_what_is_to_be_done_and_by_when_is_told_while_a_case_is_open(desk: Desk, at_work: At) -> None:
    case = desk.case("zhang")
    assert "最迟" in at_work("li").read(page_of(case)).partition('class="told"')[2].partition("</section>")[0]
    desk.bring(case, "decided")
    assert "最迟" not in at_work("li").read(page_of(case)).partition('class="told"')[2].partition("</section>")[0]


def test_the_family_of_a_closed_case_has_the_colours_of_today(desk: Desk, at_work: At) -> None:
    case = desk.case("zhang")
    guardian = desk.citizen("chen")
    told = {"relation": "child", "asked_at": desk.now, "reviewed_by": "li", "reviewed_at": desk.now, "accepted": True}
    Guardianship.objects.create(guardian=guardian, dependant=case.citizen, **told)
    assert "以下为今日的颜色。" not in at_work("li").read(page_of(case))
    case = desk.bring(case, "decided")
    assert "以下为今日的颜色。" in at_work("li").read(page_of(case))


def test_before_the_first_run_there_was_nothing(desk: Desk) -> None:
    assert provider_states_at(desk.citizen("zhang").pk, at=desk.now - timedelta(days=30)) == []


def test_the_timeline_goes_on_to_the_early_end(desk: Desk, at_work: At) -> None:
    ruling = desk.approve(desk.propose("zhang"))
    case = desk.case("zhang")
    assert "已提出提前终止该决定" not in at_work("li").read(page_of(case))
    rulings.propose_end(ruling_id=ruling.pk, reason_code="newer_facts", reason="核实有误", by="li", now=desk.now)
    rulings.approve_end(ruling_id=ruling.pk, by="wang", now=desk.now)
    timeline = at_work("li").read(page_of(case)).partition('class="timeline"')[2]
    assert timeline.index("决定已提前终止") < timeline.index("已提出提前终止该决定"), "the latest on top"


def test_officials_read_why_a_decision_ends_and_the_note(desk: Desk, at_work: At) -> None:
    ruling, case = desk.approve(desk.propose("zhang")), desk.case("zhang")
    why = {"reason_code": "grounds_untrue", "reason": "单位来函"}
    rulings.propose_end(ruling_id=ruling.pk, by="li", now=desk.now, **why)
    asked = at_work("wang").read("/staff/approvals/?kind=ends")
    assert asked.index(WHY_ENDED) < asked.index("单位来函")
    rulings.approve_end(ruling_id=ruling.pk, by="wang", now=desk.now)
    decisions, _mark, timeline = at_work("li").read(page_of(case)).partition('class="timeline"')
    assert WHY_ENDED in decisions
    assert "单位来函" in decisions
    assert timeline.count(WHY_ENDED) == 2, "with the proposal and with its approval"
    opened = desk.case("zhang")
    assert opened.pk != case.pk
    assert f"终止，理由：{WHY_ENDED}）" in at_work("li").read(page_of(opened)), "whoever takes the case that follows"
    with translation.override("zh-hans"):
        assert any(WHY_ENDED in line for line in explain(ruling.citizen, now=desk.now))
