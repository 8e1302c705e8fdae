"""The pages of webhooks: two people decide about an address, and its managers see what arrived and can send it again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from codes.models import Provider, Webhook
from codes.webhooks import subscriptions
from codes.webhooks.deliver import deliver
from regions.journal.models import JournalEntry
from regions.refusals import MovedMeanwhile, NotAllowed, Refused
from regions.sources.connectors.guard import AllowList
from regions.staff.roles import Role
from tests.integration.pages.conftest import clock
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk, hire
from tests.integration.webhooks.receiver import CODE, Receiver, declared

__all__ = ["clock"]
LIST = "/staff/webhooks/"


@pytest.fixture
def at_work(desk: Desk, clock: object) -> dict[str, Visitor]:
    for name, role in (("qian", Role.SOURCE_MANAGER), ("zhou", Role.APPROVER), ("han", Role.SYSTEM_ADMIN)):
        hire(name, role, now=desk.now)
    return {name: Visitor.as_account(name, now=desk.now) for name in ("qian", "zhou", "han")}


def typed(address: str, owner: str = "wechat", *events: str) -> dict[str, object]:
    return {"owner": owner, "address": address, "events": events or [CODE], "note": "微信前端"}


def test_from_the_proposal_to_a_second_sending(desk: Desk, receiver: Receiver, at_work: dict[str, Visitor]) -> None:
    qian, zhou, han = at_work.values()
    assert qian.client.post(f"{LIST}new/", typed(receiver.address)).status_code == 302
    webhook = Webhook.objects.get()
    page = f"{LIST}{webhook.pk}/"
    assert receiver.address in qian.client.get(LIST).text
    assert receiver.address in zhou.client.get("/staff/approvals/?kind=settings").text
    declared("zhang", "w-17", at=desk.now)
    for visitor in (qian, han):
        visitor.client.post(f"{page}decide/", {"verb": "approve"})
        webhook.refresh_from_db()
        assert webhook.state == "proposed"
    zhou.client.post(f"{page}decide/", {"verb": "approve"})
    receiver.answer = lambda _told: 500
    desk.approve(desk.propose("zhang", "green"))
    later = datetime.now(UTC) + timedelta(hours=25)  # the rows have the database's clock, which does not stand still
    assert deliver(webhook.pk, clock=lambda: later) == 0
    shown = han.client.get(f"{page}?state=dead").text
    assert "HTTP 500" in shown
    assert str(webhook.deliveries.get().event_id) in shown
    assert "w-17" not in shown, "to see that it did not arrive needs no person"
    Webhook.objects.update(resume_at=later)
    assert "<strong>接收端没有应答</strong>" in han.client.get(LIST).text, "no active one like the others"
    Webhook.objects.update(resume_at=None)
    assert "接收端没有应答" not in han.client.get(LIST).text
    receiver.answer = lambda _told: 204
    for no_delivery in ("", "x", "0"):
        assert han.client.post(f"{page}decide/", {"verb": "replay", "delivery": no_delivery}).status_code == 404
    assert webhook.deliveries.get().state == "dead", "a delivery that is not named well does not mean all"
    han.client.post(f"{page}decide/", {"verb": "replay", "delivery": webhook.deliveries.get().pk})
    assert deliver(webhook.pk, clock=lambda: later) == 1
    assert "HTTP 204" in han.client.get(page).text
    for verb, state in (("pause", "paused"), ("resume", "active"), ("remove", "ended")):
        han.client.post(f"{page}decide/", {"verb": verb})
        webhook.refresh_from_db()
        assert webhook.state == state
    verbs = [f"webhook.{one}" for one in ("proposed", "approved", "replayed", "paused", "resumed", "removed")]
    told = JournalEntry.objects.filter(subject=f"webhook:{webhook.pk}").order_by("seq")
    assert list(told.values_list("verb", flat=True)) == verbs


def test_what_is_no_address_for_colours_is_refused(desk: Desk, at_work: dict[str, Visitor], settings: Settings) -> None:
    qian = at_work["qian"]
    settings.MESSAGE_ALLOW_LIST = AllowList.parse("hooks.example:443,127.0.0.1:8000")
    for fields in (
        typed("https://elsewhere.example/hook"),
        typed("http://hooks.example:443/hook"),
        typed("https://u:p@hooks.example/hook"),
        typed("https://hooks.example/hook?token=x"),
        typed("javascript:alert(1)"),
        typed("https://hooks.example/hook", "wechat", "alarm.raised"),
        typed("https://hooks.example/hook", "-", CODE),
        typed("https://hooks.example/hook", "nobody"),
        {**typed("https://hooks.example/hook"), "note": ""},
    ):
        assert qian.client.post(f"{LIST}new/", fields).status_code == 422, fields
    assert not Webhook.objects.exists()
    wechat, alipay = (Provider.objects.get(code=code) for code in ("wechat", "alipay"))
    told: dict[str, Any] = {"address": "https://hooks.example/hook", "events": [CODE], "reason": "x", "now": desk.now}
    with pytest.raises(NotAllowed):
        subscriptions.propose(provider=alipay, by="provider:wechat", **told)
    own = subscriptions.propose(provider=wechat, by="provider:wechat", **told)
    with pytest.raises(Refused, match="in use or proposed"):
        subscriptions.propose(provider=wechat, by="qian", **told)
    with pytest.raises(NotAllowed):
        subscriptions.approve(own.pk, by="provider:wechat", now=desk.now)
    settings.MESSAGE_ALLOW_LIST = AllowList()
    with pytest.raises(Refused, match="MESSAGE_ALLOW_LIST"):
        subscriptions.approve(own.pk, by="zhou", now=desk.now)
    with pytest.raises(NotAllowed):
        subscriptions.remove(own.pk, by="provider:alipay", now=desk.now)
    subscriptions.withdraw(own.pk, by="provider:wechat", now=desk.now)
    with pytest.raises(MovedMeanwhile):
        subscriptions.remove(own.pk, by="provider:wechat", now=desk.now)
