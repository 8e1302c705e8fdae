"""The pages while a source is silent and when no run has settled for days: what applies, since when, and what to do."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from codes.models import Provider, Registration, Rule, RuleSet, RuleSetVersion, Run
from regions.sources.models import Batch, Source
from tests.integration.pages.people import Visitor
from tests.integration.pages.test_one_reading import text_of
from tests.integration.review.desk import Desk

LATER = timedelta(days=3)
At = Callable[[str], Visitor]


@pytest.fixture
def later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Three days on, by the clock of every page; no run has settled since."""
    at = desk.now + LATER
    monkeypatch.setattr("django.utils.timezone.now", lambda: at)
    return at


@pytest.fixture
def silence(desk: Desk, later: datetime) -> datetime:
    """The police have been silent for three days, and the day's run has settled."""
    desk.run(later, silent=("police",))
    return later


def citizen(desk: Desk, name: str, at: datetime) -> Visitor:
    return Visitor.signed_in(desk.citizen(name), now=at)


def official(at: datetime, *roles: str) -> Visitor:
    return Visitor.at_work(*roles, now=at, username="gao")


def test_who_is_red_by_a_silent_source_stays_red_and_is_told(desk: Desk, silence: datetime) -> None:
    page = citizen(desk, "zhang", silence).read("/code/")
    assert 'class="face" data-state="red"' in page
    assert "数据源未按时送达，沿用其最后一次送达的结果" in page
    assert "红码（沿用）：police最后一次送达2026年11月24日 09:59" in page
    assert "目前仅alipay能够判定；police自2026年11月24日 09:59起未再送达数据，沿用其最后一次送达的结果。" in page
    assert "两名工作人员即可复核决定" in page
    assert "2026年12月6日转绿" in page or "12月6日" in page, "its hold ends in the silence"


def test_the_same_in_english(desk: Desk, silence: datetime) -> None:
    page = citizen(desk, "chen", silence).in_english().read("/code/")
    assert 'class="face" data-state="yellow"' in page
    assert "Yellow (held): the last delivery of police is of 24 November 2026, 09:59." in page
    assert (
        "Only alipay can judge at present. police has delivered nothing after 24 November 2026, 09:59; what it said last counts."
        in page
    )


def test_an_appeal_can_be_made_against_what_is_held(desk: Desk, silence: datetime) -> None:
    assert desk.fact("zhang").record_id
    page = citizen(desk, "zhang", silence).read("/appeal/")
    assert "police" in page or "wechat" in page
    assert desk.appeal("zhang", "other", text="记录有误").number


def test_a_green_by_one_side_only_says_so(desk: Desk, later: datetime) -> None:
    desk.revoke("zhang")
    desk.run(later, silent=("bigdata",))
    page = citizen(desk, "zhang", later).read("/code/")
    assert 'class="face" data-state="green"' in page
    assert "目前仅按wechat判定：bigdata自" in page
    assert "在目前能够判定的渠道中，没有影响通行的记录" in page
    assert "各渠道均无" not in page


@pytest.fixture
def newcomer(desk: Desk) -> Visitor:
    """Somebody who has come to the city since its run, with zhang's name and document."""
    zhang = desk.citizen("zhang")
    zhang.pk, zhang.ref, zhang.id_hash = None, "neu", b"neu" * 11
    zhang.save(force_insert=True)
    return Visitor.signed_in(zhang, now=desk.now)


def test_who_has_just_applied_waits_for_the_next_run_and_not_for_data(desk: Desk, newcomer: Visitor) -> None:
    """The city's data is of today: it is the run that is to come."""
    applied = [
        Registration.objects.create(citizen=desk.citizen("neu"), provider=provider, registered_at=desk.now)
        for provider in Provider.objects.order_by("code")
    ]
    page = newcomer.read("/code/")
    assert 'class="face" data-state="unknown"' in page
    assert "已申领健康码，2026年11月25日 0" in page
    assert "至下次计算（2026年11月25日 0" in page
    assert page.count("在最近一次计算之后申领，尚未判定") == 2, "beside each of both"
    assert "数据源未更新" not in page
    assert "未及时更新" not in page
    assert "数据来源恢复" not in page
    Registration.objects.filter(pk=applied[0].pk).update(registered_at=desk.now - LATER)
    page = newcomer.read("/code/")
    assert 'class="face" data-state="green"' in page
    assert page.count("在最近一次计算之后申领，尚未判定") == 1


def test_without_rules_in_force_nobody_waits_for_data(desk: Desk, later: datetime) -> None:
    """The data is of today: officials have to put rules in force."""
    RuleSetVersion.objects.update(effective_from=later.date() + timedelta(days=5))
    desk.run(later)
    visitor = citizen(desk, "zhang", later)
    page = visitor.read("/code/")
    assert "暂无颜色：没有生效的判定规则" in page
    assert "没有生效的判定规则，须由本市工作人员启用。" in page
    assert "至判定规则生效为止。" in page
    assert "对此无需办理，个人也无法自行解决" in page
    assert "规则启用后，将重新计算全部健康码" in page, "what comes next"
    for about_data in ("数据源未更新", "未及时更新", "数据来源恢复", "数据源更新后"):
        assert about_data not in page
    assert "no rules are in force" in visitor.in_english().read("/code/")


def test_who_has_not_applied_waits_for_no_data_either(newcomer: Visitor) -> None:
    page = newcomer.read("/code/")
    assert "尚未申领健康码" in page
    assert "至申领健康码为止。" in page
    assert "尚无：申领健康码后才会依据数据判定。" in page
    assert "数据来源恢复" not in page
    assert "until a code has been applied for" in newcomer.in_english().read("/code/").lower()


def test_officials_see_what_is_held_and_by_which_record(desk: Desk, silence: datetime) -> None:
    page = official(silence, "reviewer").read(f"/staff/cases/{desk.case('zhang').number}/")
    assert "红码（沿用）：police最后一次送达" in page
    assert "目前仅alipay能够判定" in page
    assert "R2" in page


def test_the_dashboard_and_the_runs_page_count_what_is_held(desk: Desk, silence: datetime) -> None:
    reader = official(silence, "reviewer")
    counted = "沿用：红码2人，黄码1人"
    assert counted in reader.read("/staff/dashboard/")
    newest = Run.objects.latest("pk")
    assert counted in reader.read(f"/staff/runs/{newest.pk}/")


@pytest.mark.parametrize(("name", "state"), [("zhang", "red"), ("chen", "unknown")])
def test_without_a_run_in_time_nothing_but_red_is_shown(desk: Desk, later: datetime, name: str, state: str) -> None:
    page = citizen(desk, name, later).read("/code/")
    assert f'class="face" data-state="{state}"' in page
    assert "本市最近一次核算日期为2026年11月24日，有效期至次日结束" in page
    assert "11月24日为绿码，现已过有效期" in page
    assert 'href="tel:12345"' in page
    assert "转绿" not in page, "no day is named by a run that is over"
    assert ("未按时重新核算，结果已过有效期" in page) == (state == "unknown")


def test_check_ins_are_asked_for_while_no_run_settles(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day left out would be missing once codes are worked out again, as the calendar says at once."""
    Rule.objects.filter(code="R2").update(checkin_days=5)
    desk.run(everybody=True)
    at = desk.now + LATER
    monkeypatch.setattr("django.utils.timezone.now", lambda: at)
    person = citizen(desk, "zhang", at)
    page = person.read("/code/")
    assert "等待期间的健康打卡照常计入，请每天打卡" in page
    assert "今日：健康打卡" in page
    assert "今日尚未打卡" in person.read("/code/calendar/")
    person.post("/check-in/", {"number": "B20261127-ABCDEFGH", "healthy": "yes"})
    assert "今日：已打卡" in person.read("/code/")


def test_who_was_yellow_is_not_told_that_no_check_in_is_asked_for(desk: Desk, later: datetime) -> None:
    """Of a colour that is over no record is read any more; that none asks for check-ins is not known."""
    person = citizen(desk, "chen", later)
    assert "等待期间的健康打卡照常计入" in person.read("/code/")
    page = person.read("/code/calendar/")
    assert "暂不能判断缺少哪一天" in page
    assert "没有需要打卡的记录" not in page


def test_officials_see_of_which_day_the_colours_are(desk: Desk, later: datetime) -> None:
    reader = official(later, "reviewer")
    page = reader.read(f"/staff/cases/{desk.case('chen').number}/")
    assert "11月24日为黄码，现已过有效期" in page
    assert "以下为2026年11月24日的核算结果，已过有效期" in reader.read("/staff/dashboard/")


def test_the_copy_of_my_data_says_what_holds_now(desk: Desk, silence: datetime) -> None:
    told = citizen(desk, "zhang", silence).post("/data/copy/").json()  # type: ignore[attr-defined]
    assert (told["code"]["colour"], told["code"]["because"]) == ("red", "held")
    states = {one["provider"]: (one["state"], one["held"]) for one in told["providers"]}
    assert states == {"alipay": ("green", None), "wechat": ("unknown", "red")}


def test_whoever_manages_sources_finds_a_silent_one_on_the_start_page(desk: Desk, later: datetime) -> None:
    """Nobody else can have it deliver again; a retired one is nobody's work."""
    desk.run(later, silent=("police",))
    title = "数据滞后、无法据以判定的数据来源"
    manager = official(later, "source_manager")
    assert '<strong class="figure">1</strong><span>' + title in manager.read("/staff/")
    Source.objects.filter(code="police").update(retired=True)
    assert title not in manager.read("/staff/")
    Batch.objects.filter(source__code="bigdata").delete()
    assert title in manager.read("/staff/"), "nor can anybody be judged by what was never delivered"


def without_rules(desk: Desk, at: datetime, *providers: str, silent: tuple[str, ...] = ()) -> None:
    """Run on a day on which these providers' rule set has no version, and these sources are silent."""
    empty = RuleSet.objects.create(code="empty")
    Provider.objects.filter(code__in=providers).update(rule_set=empty)
    desk.run(at, silent=silent)


def test_a_provider_without_rules_in_force_is_named_beside_one_that_judges(desk: Desk, later: datetime) -> None:
    without_rules(desk, later, "alipay")
    visitor = citizen(desk, "zhang", later)
    assert "目前仅按wechat判定：alipay没有生效的判定规则。" in visitor.read("/code/")
    told = "Judged by wechat only, since no rules are in force for alipay."
    assert told in visitor.in_english().read("/code/")
    assert told in official(later, "reviewer").in_english().read(f"/staff/cases/{desk.case('zhang').number}/")


def test_each_provider_has_its_own_reason_where_they_differ(desk: Desk, later: datetime) -> None:
    """Headline, why, until when and steps read the same reasons."""
    without_rules(desk, later, "wechat", silent=("bigdata",))
    visitor = citizen(desk, "zhang", later)
    told = text_of(visitor.read("/code/"))
    headline, _why, rest = told.partition("为什么？")
    why, _whose, rest = rest.partition("谁的数据？")
    _whose, _until, rest = rest.partition("到什么时候？")
    until, _todo, steps = rest.partition("该怎么做？")
    assert "暂无颜色：各渠道均无法判定" in headline
    for part, of_rules, of_data in (
        (why, "没有生效的判定规则", "判定所依据的数据未及时更新"),
        (until, "至判定规则生效为止", "至数据来源恢复更新为止"),
        (steps, "对此无需办理，个人也无法自行解决", "请等待：数据源更新后"),
    ):
        assert f"wechat：{of_rules}" in part
        assert f"alipay：{of_data}" in part
    assert "Until one of the providers can judge." in visitor.in_english().read("/code/")
