"""On My code, headline, end date, what to do and open matters never contradict each other."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from codes.citizens.guardianship import Relation
from codes.models import Case, Citizen, Guardianship, Provider, Rule, Verdict
from codes.review.proposals.rulings import approve_end, propose_end
from portal.citizen.code.sentences import decision_sentence, outcome_sentence
from portal.citizen.entries import check_in, declare
from regions.masking import mask_name
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk

Opens = Callable[[str], Visitor]
NOTHING = ("无需办理", "nothing has to be done")


def text_of(page: str) -> str:
    """What is read on the page itself, in order, without the masthead and the foot."""
    main = page[page.index("<main") : page.index("</main>")] if "<main" in page else page
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def headline_of(page: str) -> str:
    return re.sub(r"<[^>]+>", "", page.split('class="headline">')[1].split("</h1>", maxsplit=1)[0])


def test_the_open_matter_stands_on_top_and_its_outcome_after_it(desk: Desk, visitor: Opens) -> None:
    """A question with its button instead of a promised answer; a denial that only one official decided, with the answer."""
    desk.bring(desk.case("zhang"), "waiting_for_information")
    page = visitor("zhang").read("/code/")
    asked = desk.case("zhang")
    assert 0 < page.index("何时？") < page.index('class="headline"') < page.index('id="face"')
    assert f'class="button" href="/cases/{asked.number}/"' in page
    assert "答复工作人员的提问" in headline_of(page)
    assert f"事项{asked.number}：将于" not in page
    assert "人工复核将于" not in page
    english = text_of(visitor("zhang").in_english().read("/code/"))
    assert "an answer by" not in english
    assert "answers by" not in english

    desk.appeal("chen")
    assert f"{desk.case('chen', 'appeal').number}" in visitor("chen").read("/code/").split('class="headline"')[0]
    desk.bring(desk.case("chen", "appeal"), "denied")
    page = visitor("chen").read("/code/")
    told = text_of(page)
    assert "未获支持" in told
    assert page.index('id="face"') < page.index("未获支持") < page.index("为什么？"), (
        "the code stays on a phone's screen"
    )
    assert "记录属实" in told
    assert "两名工作人员于" not in told
    desk.bring(desk.case("liu"), "decided")
    told = text_of(visitor("liu").read("/code/"))
    assert "各渠道颜色未作更改" in told
    assert "经核实，记录属实" in told
    assert 'href="tel:12345"' in visitor("liu").read("/code/"), "a contact cannot appeal: whom to call"
    Case.objects.filter(citizen__ref="liu").update(answer="记录" * 200)
    assert text_of(visitor("liu").read("/code/")).count("记录") < 100, "the rest is with the whole case"
    zhang = visitor("zhang")
    with at_most(12):
        zhang.read("/code/")
    Case.objects.filter(citizen__ref="liu").update(closed_at=desk.now - timedelta(days=15))
    assert "各渠道颜色未作更改" not in visitor("liu").read("/code/")


def test_what_is_overdue_promises_no_answer(desk: Desk, visitor: Opens) -> None:
    """Where the time is over that was named, it is said to be, with a number to call; nothing else on the page names it."""
    case = desk.case("zhang")
    late = desk.now - timedelta(hours=1)
    Case.objects.filter(pk=case.pk).update(due_at=late, first_look_due_at=late)
    page = visitor("zhang").read("/code/")
    told = text_of(page)
    assert "前答复，现已超时。 · 拨打12345" in told.partition("黄码")[0], "two links, and not one"
    assert 'href="tel:12345"' in page
    assert "人工复核最迟" not in told
    told = text_of(visitor("zhang").in_english().read(f"/cases/{case.number}/"))
    assert "was due by then, and is late" in told
    assert "at the latest" not in told


def test_a_decision_that_was_ended_is_not_said_to_hold_on(desk: Desk, visitor: Opens) -> None:
    ruling = desk.propose("zhang", "green")
    desk.approve(ruling)
    ruling.refresh_from_db()
    decided = Case.objects.get(ruling=ruling)
    assert "12月4日零时失效" in outcome_sentence(decided)
    told = text_of(visitor("zhang").read(f"/cases/{decided.number}/"))
    assert outcome_sentence(decided) in told, "where My code leads says it as well"
    assert decision_sentence(ruling) in told
    propose_end(ruling_id=ruling.pk, reason_code="newer_facts", reason="查明属实", by="li", now=desk.now)
    approve_end(ruling_id=ruling.pk, by="wang", now=desk.now)
    decided.refresh_from_db()
    assert outcome_sentence(decided).endswith(
        "绿码。复核决定已于11月24日经两名工作人员提前终止。理由：有新的记录或材料，情况已有不同。"
    )
    assert "决定提前终止" in text_of(visitor("zhang").read(f"/cases/{decided.number}/")).split("办理进度")[1]


def test_a_green_by_ruling_shows_its_end_and_what_comes_after(desk: Desk, visitor: Opens) -> None:
    """The red below asks for check-ins: they go on, or red comes back. The part that renews itself says it at once."""
    Rule.objects.filter(code__in=["R1", "R2"]).update(checkin_days=14)
    desk.run()
    zhang, liu = visitor("zhang"), visitor("liu")
    before = zhang.read("/code/")
    assert "健康打卡" in headline_of(before)
    seen = before.split("/code/pass/?seen=")[1].split('"')[0]
    same = zhang.get(f"/code/pass/?seen={seen}")
    assert ('class="headline"' in same.content.decode(), same.headers.get("HX-Retarget")) == (False, None)

    desk.approve(desk.propose("zhang", "green"))
    anew = zhang.get(f"/code/pass/?seen={seen}")
    part = anew.content.decode()
    assert anew.headers["HX-Retarget"] == "#reading"
    assert 'class="face" data-state="green"' in part
    assert headline_of(part).startswith("绿码（复核决定，12月4日零时失效），之后恢复为红码；今日：健康打卡")
    with at_most(12):
        zhang.read("/code/")
    told = text_of(part)
    assert "经两名工作人员于11月24日复核决定：绿码" in told
    assert "理由：" in told
    assert "原有记录的判定仍为红码：12月4日起恢复" in told
    assert "身体健康，今日打卡" in told
    assert not any(one in told for one in NOTHING)

    Rule.objects.filter(code="R1").update(hold_days=9, checkin_days=6)
    desk.run(everybody=True)
    desk.approve(desk.propose("liu", "green"))
    told = text_of(liu.read("/code/"))
    assert "只有继续完成下列事项（包括健康打卡），才会在决定失效前解除；否则12月4日起恢复为红码" in told
    assert not any(one in told for one in NOTHING)


def test_what_is_declared_today_is_said_not_to_count_yet(desk: Desk, visitor: Opens) -> None:
    """Nobody reads that nothing has to be done right after declaring a fever."""
    desk.revoke("zhang")
    desk.run()
    page = visitor("zhang").read("/code/")
    assert "无需办理" in headline_of(page)
    declare(
        desk.citizen("zhang"), {"symptoms": ["fever"], "contact": "yes"}, providers=["alipay", "wechat"],
        number="B20261124-ABCDEFGH", by="citizen:zhang", now=desk.now + timedelta(hours=1),
    )  # fmt: skip
    told = text_of(visitor("zhang").read("/code/"))
    assert "已申报：" in told
    assert "2026年11月25日" in told.split("尚未计入")[1]
    assert not any(one in told for one in NOTHING)


def test_the_record_that_lasts_longest_is_named_and_its_provider(desk: Desk, visitor: Opens) -> None:
    Rule.objects.filter(code="Y1").update(
        hold_days=30, reason_zh="您从外地来返本市。", reason_en="You came to the city."
    )
    Rule.objects.filter(code="R2").update(reason_zh="时空伴随。", reason_en="Same place and time.")
    Provider.objects.filter(code="wechat").update(title_zh="微信", title_en="WeChat")
    desk.tell("zhang", "arrival")
    desk.run()
    page = visitor("zhang").in_english().read("/code/")
    assert headline_of(page).startswith("Red until 6 December, then yellow until 23 December")
    told = text_of(page)
    assert "Green on 23 December 2026" in told
    lasting = told.split("Until when?")[1]
    assert lasting.index("Yellow for “") < lasting.index("Red for “")
    assert "WeChat: You came to the city." in told
    assert not re.search(r"\b[RY][12]\b", told)


def test_what_ends_a_record_early_is_said_where_it_ends_them_all(desk: Desk, visitor: Opens) -> None:
    """A rule's reason tells of a test that the forecast does not wait for; two rules may hold by one record."""
    rule = Rule.objects.get(code="R2")
    Rule.objects.filter(pk=rule.pk).update(cleared_by=["negative_test"])
    desk.run()
    told = text_of(visitor("zhang").read("/code/"))
    assert "有下列任一记录后可提前解除：核酸检测阴性（11月22日之后采样）。" in told
    assert told.split("谁的数据？")[1].split("到什么时候？")[0].count("记录") == 1
    rule.pk, rule.code, rule.colour = None, "Y9", "yellow"
    rule.save()
    desk.run(everybody=True)
    told = text_of(visitor("zhang").read("/code/"))
    assert "可提前解除" not in told
    assert told.split("谁的数据？")[1].split("到什么时候？")[0].count("记录") == 1


def test_what_all_providers_ask_for_is_one_sentence(desk: Desk, visitor: Opens) -> None:
    Provider.objects.filter(code="alipay").update(title_zh="支付宝")
    Provider.objects.filter(code="wechat").update(title_zh="微信")
    Rule.objects.filter(code="R2").update(checkin_days=14)
    desk.tell("zhang", "spacetime_overlap", source="bigdata", record_id="bigdata-zhang", days_ago=2)
    desk.run(everybody=True)
    told = text_of(visitor("zhang").read("/code/"))
    assert told.count("请每天在") == 1
    assert "请每天在支付宝、微信健康打卡，直至12月" in told


def test_nobody_is_told_that_a_discharge_ends_what_only_days_end(desk: Desk, visitor: Opens) -> None:
    """What else to do where no appeal helps is said of a kind of record, and rules end these by different ones."""
    Rule.objects.filter(code="R3").update(hold_days=14, cleared_by=[])
    desk.tell("liu", "confirmed_case")
    desk.run(everybody=True)
    told = text_of(visitor("liu").read("/code/"))
    assert "不能通过申诉改变" in told
    assert "出院" not in told.split("该怎么做？")[1].split("各渠道显示")[0]


def test_a_dependants_page_speaks_of_them_by_name(desk: Desk, visitor: Opens) -> None:
    Rule.objects.update(reason_zh="您有记录。", reason_en="You are on record.")
    Citizen.objects.filter(ref="liu").update(full_name="刘小三")
    for name in ("chen", "liu"):
        Guardianship.objects.create(
            guardian=desk.citizen("zhang"), dependant=desk.citizen(name), relation=Relation.CHILD,
            asked_at=desk.now, accepted=True, reviewed_at=desk.now, reviewed_by="li",
        )  # fmt: skip
    desk.bring(desk.case("chen"), "waiting_for_information")
    for guardian in (visitor("zhang"), visitor("zhang").in_english()):
        for name in ("chen", "liu"):
            page = guardian.read(f"/family/{name}/code/")
            # Not the links to other pages, nor the way back to one's own.
            told = text_of(page[page.index('id="reading"') : page.index('<ul class="page-list">')])
            assert not re.search(r"您|你|\b[Yy]ours?\b|\b[Yy]ou\b", told), told
            assert headline_of(page).startswith(mask_name(desk.citizen(name).full_name))


def test_a_green_by_ruling_names_the_test_that_is_missing_below(desk: Desk, visitor: Opens) -> None:
    """Without the test, red comes back when the decision ends; that nothing is to be done would not be true."""
    Rule.objects.filter(code="R2").update(tests=1)
    missing = [{"rule_id": Rule.objects.get(code="R2").pk}]
    Verdict.objects.filter(citizen=desk.citizen("zhang")).update(turns_green_on=None, needs=missing)
    desk.approve(desk.propose("zhang", "green"))
    page = visitor("zhang").read("/code/")
    assert 'class="face" data-state="green"' in page
    assert "恢复，除非此前已完成下列事项" in page
    assert "还需1次核酸检测阴性" in text_of(page).partition("该怎么做？")[2]
    assert not any(one in page for one in NOTHING)


def test_one_answer_to_several_providers_is_told_once(desk: Desk, visitor: Opens) -> None:
    """Reason, origin and end of what was declared to both name the two in one sentence each."""
    both = ["alipay", "wechat"]
    declare(
        desk.citizen("chen"), {"symptoms": ["fever"]}, providers=both, number="B20261124-ABCDEFGH", by="citizen:chen",
        now=desk.now,
    )  # fmt: skip
    desk.run(desk.now + timedelta(minutes=1))
    told = text_of(visitor("chen").read("/code/"))
    why, _whose, rest = told.partition("为什么？")[2].partition("谁的数据？")
    whose = rest.partition("到什么时候？")[0]
    assert (why.count("alipay、wechat：出现症状"), why.count("wechat：出现症状")) == (1, 1)
    assert (whose.count("在alipay、wechat自行申报"), whose.count("自行申报")) == (1, 1)


def test_a_provider_is_named_once_for_the_like_declared_twice_on_a_day(desk: Desk, visitor: Opens) -> None:
    chen, who = desk.citizen("chen"), dict[str, Any](providers=["alipay"], by="citizen:chen", now=desk.now)
    check_in(chen, healthy=False, day=desk.now.date(), number="B20261124-BCDEFGHA", **who)
    declare(chen, {"symptoms": ["fever"]}, number="B20261124-ABCDEFGH", **who)
    desk.run(desk.now + timedelta(minutes=1))
    whose = text_of(visitor("chen").read("/code/")).partition("谁的数据？")[2].partition("到什么时候？")[0]
    assert (whose.count("在alipay自行申报"), whose.count("alipay")) == (1, 1)
