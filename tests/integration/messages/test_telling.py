"""Messages are written with the act, to the person concerned and their guardians, and are shown to nobody else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from codes.citizens.guardianship import accept_guardianship, ask_guardianship, end_guardianship
from codes.intake.phones import NamedPhone, propose_phones
from codes.messages.outbox import Recipient, write_messages, write_messages_of_ending_rulings
from codes.models import Guardianship, Message, MessageKind, Ruling
from codes.review.cases.second_looks import take_second_look
from codes.review.evidence.files import keep_upload
from regions.identity import check_identity
from regions.masking import mask_name
from regions.tenancy import current_city
from tests.integration.lines import ANNA
from tests.integration.pages.asking import at_most
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk
from tests.unit.review.test_uploads import picture

Row = tuple[str, str, str]


def told() -> list[Row]:
    """Kind, to whom and about whom, of what is new since this was last called."""
    rows = Message.objects.filter(tried_at__isnull=True).order_by("pk")
    found = list(rows.values_list("kind", "recipient__ref", "about__ref"))
    rows.update(tried_at="2026-01-01T00:00:00Z")
    return found


def test_a_run_tells_those_whose_colour_changed_and_nobody_else(desk: Desk) -> None:
    assert sorted(told()) == [("colour_changed", name, name) for name in ("chen", "liu", "zhang")]
    red = Message.objects.get(recipient__ref="zhang")
    assert (red.data, red.urgent, red.state) == ({"before": "unknown", "after": "red"}, True, "portal")
    desk.run()
    assert told() == []
    desk.revoke("zhang")
    desk.run()
    assert told() == [("colour_changed", "zhang", "zhang")]
    green = Message.objects.latest("pk")
    assert (green.data["after"], green.urgent, green.state) == ("green", False, "waiting")
    # The police fall silent: of what the city cannot say of somebody they are not told, nor that it can again.
    later = desk.now + timedelta(days=3)
    desk.run(later, silent=("police", "bigdata"))
    desk.run(later + timedelta(hours=1))
    assert {row[0] for row in told() if row[1] == "zhang"} == set()


def question(desk: Desk) -> None:
    desk.bring(desk.case(), "waiting_for_information")


def denied(desk: Desk) -> None:
    desk.appeal()
    desk.bring(desk.case(kind="appeal"), "denied")


def upheld(desk: Desk) -> None:
    desk.bring(desk.case(), "decided")


def reopened(desk: Desk) -> None:
    current_city().second_look_share = 1
    desk.bring(desk.case(), "decided")
    current_city().second_look_share = 0
    told()
    take_second_look(case_id=desk.case().pk, outcome="differs", reason="日期不符", by="wu", now=desk.now)


def ruled(desk: Desk) -> None:
    desk.approve(desk.propose())


def green_again(desk: Desk) -> None:
    desk.appeal()
    desk.revoke("zhang")
    desk.run()


def another_phone(desk: Desk) -> None:
    with transaction.atomic():
        propose_phones([NamedPhone(desk.citizen("zhang"), None, "13911112222")], by="wechat", now=desk.now)


@pytest.mark.parametrize(
    ("act", "kinds"),
    [
        (question, ["question_asked"]),
        (denied, ["case_decided"]),
        (upheld, ["case_decided"]),
        (reopened, ["case_reopened"]),
        (ruled, ["case_decided", "colour_changed"]),
        (green_again, ["colour_changed", "case_decided"]),
    ],
)
def test_an_act_tells_the_citizen_and_whoever_answers_for_them(
    desk: Desk, family: Guardianship, act: Callable[[Desk], None], kinds: list[str]
) -> None:
    told()
    act(desk)
    assert told() == [(kind, reader, "zhang") for kind in kinds for reader in ("zhang", "chen")]


def test_what_is_ones_own_is_told_to_nobody_else(desk: Desk, family: Guardianship) -> None:
    told()
    another_phone(desk)
    assert told() == [("phone_named", "zhang", "zhang")]
    assert Message.objects.latest("pk").state == "portal", "its own notices go to both phones"
    photo = keep_upload(
        citizen=desk.citizen("liu"), content=picture("PNG"), original_name="", by="citizen:liu", now=desk.now
    )
    asked: dict[str, Any] = {"by": "citizen:liu", "now": desk.now, "relation": "child"}
    who = check_identity("10", ANNA, today=desk.now.date())
    link = ask_guardianship(guardian=desk.citizen("liu"), dependant=who, evidence_ids=[photo.pk], **asked)
    assert [row[:2] for row in told()] == [("guardian_asked", link.dependant.ref)]
    accept_guardianship(guardianship_id=link.pk, by="wu", now=desk.now)
    assert told() == [("guardian_answered", "liu", "liu")]


def test_the_end_of_a_ruling_is_told_once(desk: Desk) -> None:
    ruling = desk.approve(desk.propose())
    told()
    last = desk.now + timedelta(days=8)
    Ruling.objects.filter(pk=ruling.pk).update(expires_on=last.date())
    assert write_messages_of_ending_rulings(now=last - timedelta(days=3)) == 0
    assert [write_messages_of_ending_rulings(now=last - timedelta(days=days)) for days in (2, 2, 1, 0)] == [1, 0, 0, 0]
    assert told() == [("ruling_ends", "zhang", "zhang")]


def test_messages_are_listed_with_a_mark_until_they_are_read(
    desk: Desk, family: Guardianship, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: desk.now)
    another_phone(desk)
    question(desk)
    chen = Visitor.signed_in(desk.citizen("chen"), now=desk.now)
    assert '<span class="new">' in chen.read("/code/")
    with at_most(6):
        page = chen.read("/messages/")
    number = desk.case().number
    assert page.count('<span class="new">新') == 3, "one in the navigation, two in the list"
    assert page.index(number) < page.index("健康码为黄码")
    assert f'href="/family/zhang/cases/{number}/"' in page
    assert mask_name("zhang小三") in page
    assert "另一个接收登录验证码的手机号" not in page
    assert '<span class="new">' not in chen.read("/messages/")
    assert '<span class="new">' not in chen.read("/code/")
    assert "另一个接收登录验证码的手机号" in Visitor.signed_in(desk.citizen("zhang"), now=desk.now).read("/messages/")
    write_messages(
        MessageKind.CASE_DECIDED,
        [Recipient(desk.citizen("zhang").pk, {"case": number, "state": "decided"})],
        now=desk.now,
    )
    end_guardianship(guardianship_id=family.pk, by="citizen:chen", now=desk.now)
    page = chen.read("/messages/")
    assert number not in page
    assert '<span class="new">' not in page
