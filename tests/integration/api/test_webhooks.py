"""A provider's own webhooks by its key: proposed, decided by the city, paused, sent again and removed."""

from datetime import datetime

import pytest

from codes.models import Scope, Webhook, WebhookDelivery
from codes.webhooks import subscriptions
from regions.models import City
from regions.staff.roles import Role
from tests.integration.api.conftest import Service
from tests.integration.constraints.cast import Cast
from tests.integration.review.desk import hire

ADDRESS = "http://127.0.0.1:9/hook"
WANTED = {"address": ADDRESS, "events": ["code.changed"], "reason": "前端"}


@pytest.fixture
def own(alpha: City, clock: datetime, sources_anywhere_here: None) -> Service:
    hire("zhou", Role.APPROVER, now=clock)
    return Service("alipay", clock)


def test_a_webhook_is_proposed_and_decided_by_the_city(own: Service, clock: datetime) -> None:
    status, made = own.post("webhooks", WANTED, **{"Idempotency-Key": "k-1"})
    assert (status, made["state"], made["events"]) == (201, "proposed", ["code.changed"])
    assert own.post("webhooks", WANTED, **{"Idempotency-Key": "k-1"})[1] == made
    assert Webhook.objects.get().proposed_by == "provider:alipay"
    one = f"webhooks/{made['id']}"
    assert own.post(one, {"act": "pause"})[1]["code"] == "moved_meanwhile"
    subscriptions.approve(made["id"], by="zhou", now=clock)
    states = [own.post(one, {"act": act})[1]["state"] for act in ("pause", "resume", "remove")]
    assert states == ["paused", "active", "ended"]
    again = own.post("webhooks", WANTED)[1]
    assert own.post(f"webhooks/{again['id']}", {"act": "remove"})[1]["state"] == "withdrawn"
    assert [told["id"] for told in own.get("webhooks")[1]["items"]] == [again["id"], made["id"]]
    for body, code in (
        ({**WANTED, "events": ["alarm.raised"]}, "wrong_webhook_events"),
        ({**WANTED, "events": ["other"]}, "bad_body"),
        ({**WANTED, "address": f"{ADDRESS}?key=1"}, "webhook_address_has_query"),
        ({**WANTED, "reason": ""}, "bad_body"),
    ):
        assert own.post("webhooks", body)[1]["code"] == code


def test_deliveries_are_listed_and_sent_again_without_whom_they_are_about(own: Service, clock: datetime) -> None:
    made = own.post("webhooks", WANTED)[1]
    webhook = subscriptions.approve(made["id"], by="zhou", now=clock)
    cast = Cast()
    for state in ("dead", "delivered"):
        cast.make("codes.WebhookDelivery", webhook=webhook, state=state, person="zhang-1", event="case.opened")
    one = f"webhooks/{made['id']}"
    listed = own.get(f"{one}/deliveries")[1]["items"]
    assert [told["state"] for told in listed] == ["delivered", "dead"]
    assert "zhang-1" not in str(listed)
    assert len(own.get(f"{one}/deliveries?state=dead")[1]["items"]) == 1
    assert own.get(f"{one}/deliveries?state=lost")[1]["code"] == "bad_query"
    replayed = own.post(one, {"act": "replay"})[1]
    assert (replayed["waiting"], replayed["given_up"]) == (1, 0)
    assert WebhookDelivery.objects.filter(state="waiting").exists()


def test_another_s_webhook_is_nobody_s(own: Service, clock: datetime) -> None:
    made, other = own.post("webhooks", WANTED)[1], Service("wechat", clock)
    one = f"webhooks/{made['id']}"
    assert other.get(one) == other.get("webhooks/999999999")
    assert {other.get(one)[0], other.get(f"{one}/deliveries")[0], other.post(one, {"act": "remove"})[0]} == {404}
    assert other.get("webhooks")[1]["items"] == []
    assert own.get(f"webhooks/{9 * 10**30}")[0] == 404
    narrow = Service("wechat", clock, scopes=[Scope.EXPORTS])
    assert narrow.get("webhooks")[1]["code"] == "scope_missing"
