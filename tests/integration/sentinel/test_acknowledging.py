"""An alarm is sent to the security administrator and the auditor, and stands until both have stated its cause."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from codes.models import Alarm, AlarmAcknowledgement
from codes.sentinel import alarms
from portal.celery import BEAT
from portal.environment import NO_MAIL
from portal.official.alarms.mail import mail_alarms
from regions.journal.models import JournalEntry
from regions.models import City
from regions.refusals import CommonReason, MovedMeanwhile, Refused
from regions.staff.models import Account, RoleGrant
from regions.staff.roles import Role
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import an_alarm, hire
from tests.integration.runs.crowd import Crowd

NOW = timezone.now()


@pytest.fixture
def alarm(bare_city: City) -> Alarm:
    crowd = Crowd(now=NOW - timedelta(hours=2))
    crowd.run()
    staff = {"gao": Role.SECURITY_ADMIN, "he": Role.SECURITY_ADMIN, "sun": Role.AUDITOR, "qin": Role.AUDITOR}
    for name, role in staff.items():
        hire(name, role, now=NOW)
    return an_alarm(now=NOW)


def proposed(alarm: Alarm, by: str = "gao") -> AlarmAcknowledgement:
    return alarms.propose(alarm.pk, finding="corrected", reason="put right", by=by, now=NOW)


@pytest.mark.parametrize(("first", "second"), [("gao", "sun"), ("sun", "gao")])
def test_one_of_each_role_closes_it(alarm: Alarm, first: str, second: str) -> None:
    one = proposed(alarm, first)
    alarm.refresh_from_db()
    assert (alarm.state, list(alarms.alarms_to_deliver())) == ("raised", [alarm])

    alarms.confirm(one.pk, by=second, now=NOW)

    alarm.refresh_from_db()
    assert (alarm.state, alarms.alarms_to_deliver()) == ("acknowledged", [])
    entry = JournalEntry.objects.get(verb="alarm.acknowledged")
    assert (entry.by, entry.subject, entry.data["proposed_by"]) == (second, f"alarm:{alarm.pk}", first)
    with pytest.raises(MovedMeanwhile):
        proposed(alarm)


def test_nobody_silences_it_alone(alarm: Alarm) -> None:
    """Neither the one who proposed, nor a colleague of the same role, nor anybody of another."""
    one = proposed(alarm)
    for by, why in {
        "gao": CommonReason.SAME_PERSON,
        "he": alarms.AlarmReason.SAME_ROLE,
        "li": CommonReason.NOT_YOURS,
        "wang": CommonReason.NOT_YOURS,
    }.items():
        with pytest.raises(Refused) as refused:
            alarms.confirm(one.pk, by=by, now=NOW)
        assert refused.value.reason is why
    acts: list[Callable[[], object]] = [
        lambda: proposed(alarm, "li"),
        lambda: proposed(alarm, "system"),
        lambda: alarms.withdraw(one.pk, by="sun", now=NOW),
        lambda: alarms.send_back(one.pk, reason="no", by="he", now=NOW),
    ]
    for act in acts:
        with pytest.raises(Refused):
            act()
    for changes in (
        {"decided_by": "gao", "decided_as": "auditor"},
        {"decided_by": "he", "decided_as": "security_admin"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            AlarmAcknowledgement.objects.filter(pk=one.pk).update(state="confirmed", decided_at=NOW, **changes)
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM codes_alarm")
    alarm.refresh_from_db()
    assert alarm.state == "raised"


def test_who_proposed_in_one_role_does_not_stand_for_it_in_the_other(alarm: Alarm) -> None:
    one = proposed(alarm)
    RoleGrant.objects.filter(account__username="gao").update(revoked_at=NOW, revoked_by="he")
    gao = Account.objects.get(username="gao")
    RoleGrant.objects.create(account=gao, role=Role.AUDITOR, granted_by="he", granted_at=NOW)
    with pytest.raises(Refused) as refused:
        alarms.confirm(one.pk, by="sun", now=NOW)
    assert refused.value.reason is CommonReason.PROPOSER_GONE
    alarms.send_back(one.pk, reason="ask again", by="sun", now=NOW)


def test_sent_back_or_taken_back_it_stands(alarm: Alarm) -> None:
    alarms.send_back(proposed(alarm).pk, reason="look again", by="sun", now=NOW)
    alarms.withdraw(proposed(alarm).pk, by="gao", now=NOW)

    assert alarms.alarms_to_deliver() == [alarm]
    assert list(alarm.acknowledgements.order_by("pk").values_list("state", flat=True)) == ["refused", "withdrawn"]


def test_it_is_mailed_once_to_both_roles(alarm: Alarm, settings: Settings, mailoutbox: list[EmailMessage]) -> None:
    """Nothing is lost while there is no mail server, or nobody with an address."""
    assert "portal.mail_alarms" in {entry["task"] for entry in BEAT.values()}
    assert mail_alarms(host="beta.example.cn", now=NOW) == 0
    for name in ("gao", "sun", "li"):
        Account.objects.filter(username=name).update(email=f"{name}@example.cn")
    usual, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, NO_MAIL["EMAIL_BACKEND"]
    assert mail_alarms(host="beta.example.cn", now=NOW) == 0
    settings.EMAIL_BACKEND = usual

    with CaptureQueriesContext(connection) as queries:
        assert [mail_alarms(host="beta.example.cn", now=NOW) for _ in range(2)] == [1, 0]
    assert [one["sql"] for one in queries if "FOR UPDATE" in one["sql"]] == [], (
        "a run that settles does not wait for it"
    )

    assert [one.to for one in mailoutbox] == [["gao@example.cn"], ["sun@example.cn"]]
    for said in (alarm.message_in("en"), alarm.message_in("zh-hans"), "://beta.example.cn", "/staff/alarms/"):
        assert said in mailoutbox[0].body


def test_the_pages(alarm: Alarm) -> None:
    gao, sun, li = (Visitor.as_account(name, now=NOW).in_english() for name in ("gao", "sun", "li"))
    sentence = "1,317 people turned red within 7 days: records of police"
    address = f"/staff/alarms/{alarm.pk}/"
    for visitor in (gao, sun):
        assert "Alarms that nobody has acknowledged" in visitor.read("/staff/")
        assert sentence in visitor.read("/staff/alarms/")
        page = visitor.read(address)
        assert sentence in page
        assert "people who were in Zhengzhou" in page
        assert "1285" in page.replace(",", "")
    assert "Alarms" not in li.read("/staff/")
    assert li.get(address).status_code == 403
    assert "/staff/journal/?subject=source%3Apolice" in sun.read(address)
    batch = alarm.figures["shared"][0][1]
    assert gao.get(f"/staff/sources/batches/{batch}/").status_code == 200
    assert "7天内1,317人转为红码" in Visitor.as_account("gao", now=NOW).read(address)

    assert gao.post(address, {"finding": "reported", "note": ""}).status_code == 422
    assert gao.post(address, {"finding": "reported", "note": "reported"}).status_code == 302
    decide = f"{address}decide/{AlarmAcknowledgement.objects.get().pk}/"
    gao.post(decide, {"verb": "confirm"})
    for no_button in ({}, {"verb": "confirmed"}):
        assert sun.post(decide, no_button).status_code == 302
    assert Alarm.objects.get().state == "raised"
    sun.post(decide, {"verb": "confirm"})
    assert Alarm.objects.get().state == "acknowledged"
    assert "Alarms that nobody has acknowledged" not in sun.read("/staff/")
    assert sentence in sun.read("/staff/alarms/")
