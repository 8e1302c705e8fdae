"""The officials' overview: what waits, guardians, and keyboard shortcuts, which can be switched off."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from codes.citizens.guardianship import ask_guardianship
from codes.gates.devices import propose_device
from codes.models import Evidence, Guardianship, PersonAccess, Provider
from codes.review.evidence.files import keep_upload
from codes.review.proposals.rulings import propose_end
from codes.rule_sets.drafts import begin_with_areas
from codes.webhooks.subscriptions import propose as propose_webhook
from regions.identity import Identity
from regions.staff.roles import Role
from regions.vocabulary import IdType
from tests.integration.lines import ANNA
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk, hire

At = Callable[[str], Visitor]


def asked(desk: Desk, picture: bytes) -> Guardianship:
    zhang = desk.citizen("zhang")
    file = keep_upload(citizen=zhang, content=picture, original_name="户口.jpg", by="citizen:zhang", now=desk.now)
    return ask_guardianship(
        guardian=zhang,
        dependant=Identity(IdType.RESIDENT_ID, ANNA),
        relation="child",
        by="citizen:zhang",
        now=desk.now,
        evidence_ids=[file.pk],
    )


def test_what_waits_is_counted_and_leads_to_it(desk: Desk, at_work: At) -> None:
    desk.bring(desk.case("chen"), "in_review")
    desk.propose()
    for name, told in (("li", "您办理的案件"), ("wang", "待审批的转码提议"), ("zhao", "待审批的有误记录")):
        person = at_work(name)
        with at_most(12):
            page = person.read("/staff/")
        assert told in page
    assert "待审批的转码提议" not in at_work("li").read("/staff/")
    assert "待确认的实名导出" in at_work("sun").read("/staff/")


def test_all_that_waits_for_a_second_person_is_counted(desk: Desk, at_work: At) -> None:
    """Whatever the inbox lists, for everybody but who proposed it; a gate device, and what the province sent, for whose it is."""
    for name, role in (("qian", Role.SOURCE_MANAGER), ("zhou", Role.RULE_MANAGER), ("gu", Role.SYSTEM_ADMIN)):
        hire(name, role, now=desk.now)
    hire("lu", Role.SYSTEM_ADMIN, now=desk.now)
    told: dict[str, Any] = {"now": desk.now, "reason": "查明属实"}
    ruling = desk.propose()
    desk.approve(ruling)
    propose_end(ruling_id=ruling.pk, reason_code="newer_facts", by="li", **told)
    propose_webhook(
        provider=Provider.objects.all()[0],
        address="http://127.0.0.1:9/hook",
        events=["code.changed"],
        by="qian",
        **told,
    )
    propose_device(name="东门", place="火车东站", expires_at=desk.now + timedelta(days=30), by="gu", **told)
    wang = at_work("wang")
    with at_most(12):
        page = wang.read("/staff/")
    for title, kind in (("待审批的提前终止", "ends"), ("待审批的数据来源、规则和推送地址", "settings")):
        assert title in page
        assert f"/staff/approvals/?kind={kind}" in page
    assert "集中变码处置意见" not in page, "of what is seldom none is no news"
    assert "待确认的卡口设备" in at_work("lu").read("/staff/")
    assert "待确认的卡口设备" not in at_work("gu").read("/staff/")
    assert "省级风险地区名单" not in at_work("zhou").read("/staff/")
    begin_with_areas(
        lambda _: [{"area": "533103", "level": "high", "from": "2026-11-20"}],
        note="省防控办通知",
        source="risk_list:1",
        by="operator:chen",
        now=desk.now,
    )
    assert "省级风险地区名单生成的规则集草案" in at_work("zhou").read("/staff/")


def test_a_guardian_is_accepted_after_the_proof_was_seen(desk: Desk, at_work: At, picture: bytes) -> None:
    link, file = asked(desk, picture), Evidence.objects.get()
    li, wang = at_work("li"), at_work("wang")
    with at_most(12):
        page = li.read("/staff/guardians/")
    assert "子女" in page
    assert "zhang小三" not in page
    assert 'value="accept"' not in wang.read("/staff/guardians/")
    assert wang.post(f"/staff/guardians/{link.pk}/", {"outcome": "accept"}).status_code == 403
    assert li.get(f"/staff/guardians/{link.pk}/files/{file.pk}/").headers["Content-Disposition"].startswith("attach")
    assert PersonAccess.objects.get().by == "li"
    for path in (f"/staff/guardians/{link.pk + 1}/files/{file.pk}/", f"/staff/guardians/{link.pk}/files/999/"):
        assert li.get(path).status_code == 404
    li.post(f"/staff/guardians/{link.pk}/", {"outcome": "accept"})
    link.refresh_from_db()
    assert link.accepted is True
    assert li.post(f"/staff/guardians/{link.pk}/", {"outcome": "accept"}).status_code == 409
    assert li.post("/staff/guardians/999/", {"outcome": "accept"}).status_code == 404
    assert "颜色不同" in li.read(f"/staff/cases/{desk.case().number}/")


def test_a_guardian_is_refused_with_words(desk: Desk, at_work: At, picture: bytes) -> None:
    link = asked(desk, picture)
    li = at_work("li")
    assert li.post(f"/staff/guardians/{link.pk}/", {"outcome": "refuse", "note": ""}).status_code == 422
    li.post(f"/staff/guardians/{link.pk}/", {"outcome": "refuse", "note": "证明不清晰"})
    link.refresh_from_db()
    assert (link.accepted, link.refusal) == (False, "证明不清晰")


def test_the_keys_can_be_switched_off_by_staff_only(desk: Desk, at_work: At, stranger: Visitor) -> None:
    li = at_work("li")
    assert "keyboard.js" in li.read("/staff/queue/")
    assert 'name="keys"' not in stranger.read("/display/")
    assert 'name="keys"' in li.read("/display/")
    li.post("/display/", {"theme": "dark", "contrast": "normal", "size": "normal", "keys": "off", "next": "/staff/"})
    page = li.read("/staff/queue/")
    assert "keyboard.js" not in page
    assert 'data-theme="dark"' in page
    li.post("/display/size/", {"next": "/staff/"})
    assert "keyboard.js" not in li.read("/staff/queue/")


def test_an_official_who_is_lost_is_led_back_to_the_overview(desk: Desk, at_work: At) -> None:
    for path, status in (("/staff/cases/D20200101-000001/", 404), ("/staff/sources/", 403)):
        response = at_work("li").get(path)
        assert response.status_code == status
        page = response.content.decode()
        assert '<li><a href="/staff/">' in page
        assert '<a class="wordmark" href="/staff/">' in page
        assert '<span class="wordmark-name">健康码工作台</span>' in page
