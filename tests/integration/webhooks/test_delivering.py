"""Events about a person are sent to the providers that know them: at least once, in order, signed, without personal data."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from codes.display.displayed import Shown, keep_displayed
from codes.display.findings import update_findings
from codes.key_rotation import kid_of
from codes.models import Citizen, EffectiveChange, Provider, Ruling, Webhook, WebhookDelivery
from codes.review.proposals.rulings import expire_rulings
from codes.webhooks import deliver as delivering
from codes.webhooks import subscriptions
from codes.webhooks.deliver import deliver, due_webhooks
from portal.celery import BEAT
from regions.identity import Identity
from regions.keys import encryption
from regions.keys.models import CityKey, Purpose
from regions.leased_jobs import claim
from regions.vocabulary import IdType
from tests.integration.review.desk import Desk, an_alarm
from tests.integration.webhooks.receiver import (
    ALARM,
    CODE,
    DECIDED,
    DISPLAY,
    OPENED,
    Receiver,
    declared,
    hook,
    listening,
)

DAY = timedelta(days=1)


def send_all(*, later: timedelta = timedelta(0)) -> int:
    """As the beat has it: every webhook that is due, by a worker each."""
    now = timezone.now() + later
    return sum(deliver(webhook, clock=lambda: now) for webhook in due_webhooks(now=now))


def change(name: str, *colours: str) -> None:
    """The person's colour changes, once for each."""
    for colour in colours:
        EffectiveChange.objects.create(
            citizen=Citizen.objects.get(ref=name), before="unknown", before_because="unknown", after=colour,
            after_because="policy", since=timezone.now(), day=timezone.now().date(), ruling=Ruling.objects.first(),
            run=None if Ruling.objects.exists() else EffectiveChange.objects.latest("pk").run,
        )  # fmt: skip


def test_every_front_end_shows_the_ruled_colour_within_a_minute(desk: Desk, receiver: Receiver) -> None:
    with listening() as other:
        for provider, front_end in (("wechat", receiver), ("alipay", other)):
            hook(front_end.address, provider, now=desk.now)
            declared("zhang", f"{provider}-1", at=desk.now, provider=provider)
        desk.approve(desk.propose("zhang", "green"))
        assert BEAT["sweep"]["schedule"] <= 15
        began = time.monotonic()
        assert send_all() == 4
        assert time.monotonic() - began < 10
        assert (receiver.words(), other.words()) == ([("wechat-1", "green")], [("alipay-1", "green")])
        assert receiver.words(DECIDED) == [("wechat-1", "decided")]
        assert send_all() == 0


def test_a_message_is_signed_and_says_nothing_of_the_person_but_the_providers_word(
    desk: Desk, receiver: Receiver
) -> None:
    hook(receiver.address, now=desk.now)
    zhang = Citizen.objects.get(ref="zhang")
    number = "330100199001011232"
    encrypted = encryption.encrypt_number(Identity(IdType.RESIDENT_ID, number))
    Citizen.objects.filter(pk=zhang.pk).update(full_name="张小明", id_encrypted=encrypted)
    declared("zhang", "B20261101-ABCDEFGH", at=desk.now - DAY)  # typed here before the provider sent its own
    declared("zhang", "w-17", at=desk.now)
    desk.appeal("zhang", text="电话13912345678")
    desk.approve(desk.propose("zhang", "green", kind="appeal"))
    assert send_all() == 4
    assert [(one["event"], one["person"]) for one in receiver.told] == [
        (OPENED, "w-17"), (DECIDED, "w-17"), (DECIDED, "w-17"), (CODE, "w-17"),
    ]  # fmt: skip
    for headers, body in receiver.came:
        for word in ("zhang", "张小明", "13912345678", number, number[-6:]):
            assert word not in body.decode()
        kid, sign = headers["X-Key-Id"], headers["X-Signature"].removeprefix("ed25519=")
        key = CityKey.objects.get(purpose=Purpose.MESSAGE, retired_at=None)
        assert kid_of(key) == kid
        signed = f"{headers['X-Timestamp']}.".encode() + body
        assert encryption.verify(signed, bytes.fromhex(sign), public_key=bytes(key.public_key or b""))
    assert set(receiver.told[0]) == {"id", "event", "sequence", "at", "city", "provider", "person", "data"}
    assert set(receiver.told[-1]["data"]) == {"colour", "before", "because", "since"}


def test_who_does_not_know_the_person_or_the_event_is_told_nothing(desk: Desk, receiver: Receiver) -> None:
    hook(receiver.address, "alipay", now=desk.now, events=(OPENED,))
    declared("zhang", "a-1", at=desk.now, provider="alipay")
    hook(f"{receiver.address}/2", "wechat", now=desk.now)  # registered, but nobody has told the portal their word
    paused = hook(f"{receiver.address}/3", "alipay", now=desk.now)
    subscriptions.pause(paused.pk, by="qian", now=desk.now)
    removed = hook(f"{receiver.address}/4", "alipay", now=desk.now)
    subscriptions.remove(removed.pk, by="qian", now=desk.now)
    desk.approve(desk.propose("zhang", "green"))
    assert send_all() == 0
    assert WebhookDelivery.objects.exclude(webhook=paused).count() == 0
    subscriptions.resume(paused.pk, by="qian", now=desk.now)
    assert (send_all(), receiver.words()) == (2, [("a-1", "green")]), "what happened meanwhile has waited"


def test_a_run_an_expiry_and_an_alarm_tell_as_well(desk: Desk, receiver: Receiver) -> None:
    for name in ("zhang", "liu"):
        declared(name, f"w-{name}", at=desk.now)
    hook(receiver.address, now=desk.now)
    own = hook(f"{receiver.address}/own", None, now=desk.now, events=(ALARM,))
    desk.revoke("liu")
    desk.run()
    assert (send_all(), receiver.words()) == (2, [("w-liu", "green")]), "the case that converged is told, too"
    ruling = desk.approve(desk.propose("zhang", "green"))
    Ruling.objects.filter(pk=ruling.pk).update(expires_on=desk.now.date())
    expire_rulings(now=desk.now)
    send_all()
    assert receiver.words()[1:] == [("w-zhang", "green"), ("w-zhang", "red")]
    alarm = an_alarm(now=desk.now)
    send_all()
    (told,) = [one for one in receiver.told if one["event"] == ALARM]
    assert (told["provider"], told["person"], told["data"]["alarm"]) == (None, None, alarm.pk)
    assert "key" not in told["data"]
    assert own.deliveries.count() == 1


def test_the_order_of_a_person_outlasts_failures_and_keeps_nobody_else(desk: Desk, receiver: Receiver) -> None:
    for name in ("zhang", "liu"):
        declared(name, f"w-{name}", at=desk.now)
    webhook = hook(receiver.address, now=desk.now, events=(CODE,))
    change("zhang", "red", "yellow", "green")
    change("liu", "yellow")
    first = WebhookDelivery.objects.earliest("pk").pk
    receiver.answer = lambda told: 400 if told["sequence"] == first else 204
    assert send_all() == 1
    receiver.answer = lambda _told: 204
    assert send_all() == 0, "it is tried again after a pause"
    assert send_all(later=timedelta(seconds=11)) == 3
    assert receiver.words() == [
        ("w-zhang", "red"), ("w-liu", "yellow"), ("w-zhang", "red"), ("w-zhang", "yellow"), ("w-zhang", "green"),
    ] or receiver.words() == [
        ("w-liu", "yellow"), ("w-zhang", "red"), ("w-zhang", "red"), ("w-zhang", "yellow"), ("w-zhang", "green"),
    ]  # fmt: skip
    row = webhook.deliveries.earliest("pk")
    assert (row.attempts, row.status, row.state) == (2, 204, "delivered")


def test_what_people_decide_overtakes_what_a_run_changed(desk: Desk, receiver: Receiver) -> None:
    declared("zhang", "w-zhang", at=desk.now)
    webhook = hook(receiver.address, now=desk.now, events=(CODE,))
    change("zhang", "red")
    row = webhook.deliveries.get()
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            event_id=f"00000000-0000-4000-8000-{number:012}", webhook=webhook, event=CODE, person=f"p-{number}",
            data={"colour": "red"}, urgent=False, made_at=row.made_at, next_at=row.made_at, give_up_at=row.give_up_at,
        )
        for number in range(30)
    )  # fmt: skip
    desk.approve(desk.propose("zhang", "green"))
    send_all()
    firsts = [person for person, _ in receiver.words()][: 2 * delivering.AT_ONCE]
    assert firsts.count("w-zhang") == 2, "also the run's change of the same person, which goes before"
    assert len(receiver.words()) == 32


def test_a_worker_that_dies_costs_a_second_sending_and_no_message(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared("zhang", "w-zhang", at=desk.now)
    hook(receiver.address, now=desk.now, events=(CODE,))
    change("zhang", "red", "green")

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(delivering, "_note", die)
        with pytest.raises(SystemExit):
            send_all()
    assert (len(receiver.came), send_all()) == (1, 0), "its lease keeps others away"
    assert send_all(later=timedelta(minutes=2)) == 2
    assert [colour for _, colour in receiver.words()] == ["red", "red", "green"]
    assert receiver.told[0]["id"] == receiver.told[1]["id"], "by which the receiver knows it again"


def test_a_receiver_that_is_down_is_left_alone_for_growing_pauses_and_a_day(desk: Desk, receiver: Receiver) -> None:
    for name in ("zhang", "liu", "chen"):
        declared(name, f"w-{name}", at=desk.now)
        change(name, "red")
    webhook = hook(receiver.address, now=desk.now, events=(CODE,))
    for name in ("zhang", "liu", "chen"):
        change(name, "green")
    receiver.answer = lambda _told: 503
    assert (send_all(), len(receiver.came), due_webhooks(now=timezone.now())) == (0, 3, [])
    for pause, asked in ((11, 4), (35, 5), (80, 6)):
        assert send_all(later=timedelta(seconds=pause)) == 0
        assert len(receiver.came) == asked, "one message asks whether it is back"
    for hour in range(24, 30):
        send_all(later=timedelta(hours=hour))
    assert set(webhook.deliveries.values_list("state", flat=True)) == {"dead"}
    receiver.answer = lambda _told: 204
    assert send_all(later=2 * DAY) == 0
    assert subscriptions.replay(webhook.pk, by="qian", now=timezone.now()) == 3
    assert send_all() == 3


def test_a_webhook_whose_first_messages_all_wait_is_left_alone(desk: Desk, receiver: Receiver) -> None:
    """A message that waits behind an earlier one of the same person is not due, whatever its own time says."""
    declared("zhang", "w-zhang", at=desk.now)
    webhook = hook(receiver.address, now=desk.now, events=(CODE,))
    change("zhang", "red", "green")
    first = webhook.deliveries.order_by("pk")[0]
    webhook.deliveries.filter(pk=first.pk).update(next_at=timezone.now() + DAY)
    Webhook.objects.filter(pk=webhook.pk).update(failures=3, resume_at=desk.now)
    assert due_webhooks(now=timezone.now()) == []
    assert deliver(webhook.pk, clock=timezone.now) == 0
    webhook.refresh_from_db()
    assert (webhook.failures, webhook.resume_at, receiver.came) == (3, desk.now, []), "nothing was learnt about it"


def test_what_a_later_colour_has_overtaken_is_not_replayed(desk: Desk, receiver: Receiver) -> None:
    declared("zhang", "w-zhang", at=desk.now)
    webhook = hook(receiver.address, now=desk.now, events=(CODE,))
    change("zhang", "red", "green")
    old, _new = webhook.deliveries.order_by("pk")
    receiver.answer = lambda told: 410 if told["sequence"] == old.pk else 204
    send_all(later=DAY + timedelta(seconds=1))
    send_all(later=DAY + timedelta(minutes=2))
    assert receiver.words()[-1] == ("w-zhang", "green")
    assert subscriptions.replay(webhook.pk, by="qian", now=timezone.now(), delivery_id=old.pk) == 0
    old.refresh_from_db()
    assert (old.state, send_all(later=2 * DAY)) == ("superseded", 0)


def test_a_slow_receiver_keeps_nobody_waiting(desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for provider in ("wechat", "alipay"):
        declared("zhang", f"{provider}-1", at=desk.now, provider=provider)
    slow, quick = (hook(receiver.address, provider, now=desk.now) for provider in ("wechat", "alipay"))
    change("zhang", "red")
    assert due_webhooks(now=timezone.now()) == [slow.pk, quick.pk], "each is a task of its own"
    held = claim(Webhook.objects.filter(pk=slow.pk), now=timezone.now(), attempts=0)
    assert held is not None
    assert deliver(slow.pk, clock=timezone.now) == 0, "no second worker waits for the same receiver"
    assert due_webhooks(now=timezone.now()) == [quick.pk]
    assert deliver(quick.pk, clock=timezone.now) == 1
    held.leave(Webhook.State.ACTIVE)
    monkeypatch.setattr(delivering, "SECONDS_AT_WORK", 0.0)
    assert deliver(slow.pk, clock=timezone.now) == 0, "a worker stays for its seconds and not for all that waits"
    assert due_webhooks(now=timezone.now()) == [slow.pk]


def test_neither_redirects_nor_closed_addresses_are_followed_and_nothing_is_logged(
    desk: Desk, receiver: Receiver, caplog: pytest.LogCaptureFixture, settings: pytest.FixtureRequest
) -> None:
    declared("zhang", "w-zhang", at=desk.now)
    webhook = hook(receiver.address, now=desk.now, events=(CODE,))
    change("zhang", "green")
    receiver.answer, receiver.headers = (lambda _told: 302), {"Location": receiver.address.replace("/hook", "/other")}
    assert (send_all(), len(receiver.came)) == (0, 1)
    settings.MESSAGE_ALLOW_LIST = type(settings.MESSAGE_ALLOW_LIST)()  # type: ignore[attr-defined]
    assert (send_all(later=timedelta(seconds=11)), len(receiver.came)) == (0, 1), "the operator has closed it since"
    assert webhook.deliveries.get().fault == "host_not_allowed"
    said = caplog.text
    assert "w-zhang" not in said
    assert "ed25519" not in said


def test_whoever_displays_it_is_told_what_is_displayed_wrongly(desk: Desk, receiver: Receiver) -> None:
    with listening() as other:
        for provider, front_end in (("wechat", receiver), ("alipay", other)):
            hook(front_end.address, provider, now=desk.now, events=(DISPLAY,))
            declared("zhang", f"{provider}-1", at=desk.now, provider=provider)
        wechat, zhang = Provider.objects.get(code="wechat"), Citizen.objects.get(ref="zhang")
        for value, minutes in (("?", 1), ("red", 2)):
            Provider.objects.filter(pk=wechat.pk).update(display={"red": "red"})
            at = desk.now + timedelta(minutes=minutes)
            keep_displayed([Shown(zhang.pk, wechat.pk, value, at)])
            update_findings(now=at, citizens=[zhang.pk])
        assert send_all() == 2
        assert other.came == []
    opened, closed = receiver.told
    shown_at = (desk.now + timedelta(minutes=1)).isoformat()
    assert (opened["event"], opened["person"]) == (DISPLAY, "wechat-1")
    assert opened["data"] == {
        "what": "opened", "cause": "unknown_value", "value": "?", "colour": None, "expected": "red", "shown_at": shown_at,
    }  # fmt: skip
    assert (closed["data"]["what"], closed["data"]["cause"]) == ("closed", "unknown_value")


def test_the_functions_of_each_city_write_to_its_own_tables(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.nspname, p.proconfig[1] FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace"
            " WHERE p.proname LIKE 'codes_tell_%'"
        )
        found = cursor.fetchall()
    assert {schema for schema, _ in found} >= {"alpha", "beta"}
    for schema, path in found:
        assert path.removeprefix("search_path=").split(",")[0].strip('" ') == schema
