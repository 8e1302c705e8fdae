"""The phone for sign-in codes: set once, afterwards only proposed, confirmed in three ways, with messages to both phones."""

import re
from datetime import date, datetime, timedelta

import pytest

from codes.citizens.phones import (
    PhoneFault,
    confirm_by_official,
    confirm_signed_in,
    confirm_with_code,
    deliver_notices,
    proposed_phones,
    refuse_by_official,
    refuse_signed_in,
)
from codes.citizens.sign_in import WrongCode, ask_code, deliver_code, redeem_code
from codes.models import Citizen, PhoneChange, PhoneNotice, Provider
from regions.identity import check_identity
from regions.journal.models import JournalEntry
from regions.keys.encryption import decrypt_phone
from regions.models import City
from regions.refusals import MovedMeanwhile, NotAllowed, NotFound, Refused
from regions.staff.roles import Role
from tests.integration.citizens.test_sign_in import HOME, Mailbox
from tests.integration.lines import ANNA, BERT, citizen, declaration, take
from tests.integration.review.desk import hire

OLD, NEW, THIRD = "13800000000", "13911111111", "13722222222"
IDENTITY = check_identity("10", ANNA, today=date(2026, 11, 24))
OTHER = check_identity("10", BERT, today=date(2026, 11, 24))


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def anna(alpha: City, now: datetime) -> Citizen:
    """Known with the old phone; wechat names the new one."""
    take(declaration(phone=OLD), now=now)
    take(declaration(provider="wechat", phone=NEW), now=now)
    return citizen()


def on_record() -> str:
    return decrypt_phone(bytes(citizen().phone_encrypted or b""))


def change() -> PhoneChange:
    return PhoneChange.objects.latest("pk")


def code_in(mailbox: Mailbox, now: datetime) -> str:
    deliver_notices(gateway=mailbox, now=now)
    text = next(text for phone, text in mailbox.sent if phone == OLD)
    return str(re.findall(r"\b\d{6}\b", text)[0])


def test_codes_go_to_the_old_phone_when_another_is_declared(anna: Citizen, mailbox: Mailbox, now: datetime) -> None:
    assert on_record() == OLD
    assert deliver_code(
        code_id=ask_code(identity=IDENTITY, browser=HOME, address="10.0.0.1", now=now), gateway=mailbox, now=now
    )
    assert [phone for phone, _ in mailbox.sent] == [OLD]


@pytest.mark.parametrize("provider", ["alipay", "wechat"])
def test_whichever_provider_names_it_it_is_only_proposed(alpha: City, now: datetime, provider: str) -> None:
    lines = [declaration(phone=OLD), declaration(provider=provider, entry_id="d-2", phone=NEW)]
    take(*lines, now=now)
    (proposed,) = proposed_phones(citizen())
    assert (on_record(), decrypt_phone(bytes(proposed.phone_encrypted))) == (OLD, NEW)
    assert proposed.provider == Provider.objects.get(code=provider)
    entry = JournalEntry.objects.get(verb="phone.proposed")
    assert entry.subject == f"citizen:{citizen().ref}"
    assert entry.data == {"change": proposed.pk, "provider": provider}


def test_a_phone_is_proposed_once_and_not_again_while_it_waits(anna: Citizen, now: datetime) -> None:
    for number in range(3):
        line = declaration(provider="wechat", entry_id=f"again-{number}", phone=f"+86 {NEW}")
        take(line, now=now)
    take(declaration(entry_id="same", phone=OLD), now=now)
    assert PhoneChange.objects.count() == 1
    assert PhoneNotice.objects.count() == 2


def test_no_more_than_five_wait_for_one_person(anna: Citizen, now: datetime) -> None:
    take(*(declaration(entry_id=f"n{n}", phone=f"1370000000{n}") for n in range(9)), now=now)
    assert proposed_phones(anna).count() == 5


def test_both_phones_are_told_and_only_the_old_one_gets_a_code(anna: Citizen, mailbox: Mailbox, now: datetime) -> None:
    code = code_in(mailbox, now)
    told = dict(mailbox.sent)
    assert set(told) == {OLD, NEW}
    assert code not in told[NEW]
    assert NEW not in told[OLD]
    assert "139****1111" in told[OLD]
    for name in ("安娜", "安*", ANNA, OLD, "138****0000"):
        assert name not in told[NEW]
    assert deliver_notices(gateway=mailbox, now=now) == 0
    assert not PhoneNotice.objects.filter(code_sealed__isnull=False).exists()


def test_a_message_that_was_not_taken_is_sent_later(anna: Citizen, mailbox: Mailbox, now: datetime) -> None:
    assert deliver_notices(gateway=Mailbox(refusing=True), now=now) == 0
    assert deliver_notices(gateway=mailbox, now=now + timedelta(hours=1)) == 2


def test_a_day_late_nobody_is_told(anna: Citizen, mailbox: Mailbox, now: datetime) -> None:
    assert deliver_notices(gateway=mailbox, now=now + timedelta(days=1)) == 0


def test_the_code_from_the_old_phone_confirms(anna: Citizen, mailbox: Mailbox, now: datetime) -> None:
    code = code_in(mailbox, now)
    confirm_with_code(identity=IDENTITY, code=f" {code[:3]} {code[3:]}", now=now)
    assert on_record() == NEW
    entry = JournalEntry.objects.get(verb="phone.confirmed")
    assert (entry.by, entry.data["provider"], entry.data["how"]) == (f"citizen:{anna.ref}", "wechat", "code")
    assert deliver_notices(gateway=mailbox, now=now) == 2
    assert [phone for phone, _ in mailbox.sent[2:]] == [NEW, OLD]
    with pytest.raises(WrongCode):
        confirm_with_code(identity=IDENTITY, code=code, now=now)


def test_a_code_is_tried_five_times_and_lives_a_day(anna: Citizen, mailbox: Mailbox, now: datetime) -> None:
    code = code_in(mailbox, now)
    with pytest.raises(WrongCode):
        confirm_with_code(identity=IDENTITY, code=code, now=now + timedelta(days=1))
    with pytest.raises(WrongCode):
        confirm_with_code(identity=OTHER, code=code, now=now)
    for _ in range(5):
        with pytest.raises(WrongCode):
            confirm_with_code(identity=IDENTITY, code=f"{(int(code) + 1) % 10**6:06d}", now=now)
    with pytest.raises(WrongCode):
        confirm_with_code(identity=IDENTITY, code=code, now=now)
    assert on_record() == OLD


def test_codes_on_their_way_to_the_old_phone_end(anna: Citizen, mailbox: Mailbox, now: datetime) -> None:
    deliver_code(
        code_id=ask_code(identity=IDENTITY, browser=HOME, address="10.0.0.1", now=now), gateway=mailbox, now=now
    )
    sign_in = mailbox.code
    confirm_signed_in(change_id=change().pk, by=f"citizen:{anna.ref}", now=now)
    with pytest.raises(WrongCode):
        redeem_code(identity=IDENTITY, browser=HOME, code=sign_in, now=now)


def test_the_earlier_phone_confirms_no_third_one_afterwards(anna: Citizen, mailbox: Mailbox, now: datetime) -> None:
    code = code_in(mailbox, now)
    for place, phone in enumerate((THIRD, "13733333333")):
        take(declaration(entry_id=f"t{place}", phone=phone), now=now)
    third = PhoneChange.objects.get(pk=change().pk - 1)
    confirm_signed_in(change_id=third.pk, by=f"citizen:{anna.ref}", now=now)
    with pytest.raises(WrongCode):
        confirm_with_code(identity=IDENTITY, code=code, now=now)
    sent = len(mailbox.sent)
    deliver_notices(gateway=mailbox, now=now)
    assert not [text for phone, text in mailbox.sent[sent:] if phone == OLD and "13733333333"[-4:] in text]
    assert on_record() == THIRD


def test_the_citizen_confirms_or_refuses_and_nobody_for_them(anna: Citizen, now: datetime) -> None:
    for act in (confirm_signed_in, refuse_signed_in):
        with pytest.raises(NotFound):
            act(change_id=change().pk, by="citizen:C000000000000", now=now)
    refuse_signed_in(change_id=change().pk, by=f"citizen:{anna.ref}", now=now)
    assert on_record() == OLD
    with pytest.raises(MovedMeanwhile):
        confirm_signed_in(change_id=change().pk, by=f"citizen:{anna.ref}", now=now)


def test_a_refused_phone_is_not_proposed_again_for_a_month(anna: Citizen, mailbox: Mailbox, now: datetime) -> None:
    refuse_signed_in(change_id=change().pk, by=f"citizen:{anna.ref}", now=now)
    for days, changes in ((1, 1), (29, 1), (31, 2)):
        take(declaration(provider="wechat", entry_id=f"d{days}", phone=NEW), now=now + timedelta(days=days))
        assert PhoneChange.objects.count() == changes
    assert deliver_notices(gateway=mailbox, now=now + timedelta(days=31)) == 2


def test_the_phone_before_is_proposed_without_a_message(anna: Citizen, mailbox: Mailbox, now: datetime) -> None:
    confirm_signed_in(change_id=change().pk, by=f"citizen:{anna.ref}", now=now)
    deliver_notices(gateway=mailbox, now=now)
    sent = len(mailbox.sent)
    take(declaration(entry_id="d-9", phone=OLD), now=now)
    assert decrypt_phone(bytes(proposed_phones(anna).get().phone_encrypted)) == OLD
    assert deliver_notices(gateway=mailbox, now=now) == 0
    assert len(mailbox.sent) == sent
    assert on_record() == NEW


def test_an_official_needs_the_document_and_the_role(anna: Citizen, now: datetime) -> None:
    hire("li", Role.REVIEWER, now=now)
    hire("sun", Role.AUDITOR, now=now)
    for act in (confirm_by_official, refuse_by_official):
        with pytest.raises(NotAllowed):
            act(change_id=change().pk, document=IDENTITY, by="sun", now=now)
        with pytest.raises(Refused) as refused:
            act(change_id=change().pk, document=OTHER, by="li", now=now)
        assert refused.value.reason == PhoneFault.OTHER_DOCUMENT
    assert on_record() == OLD
    confirm_by_official(change_id=change().pk, document=IDENTITY, by="li", now=now)
    assert on_record() == NEW
    entry = JournalEntry.objects.get(verb="phone.confirmed")
    assert (entry.by, entry.data["provider"], entry.data["how"]) == ("li", "wechat", "official")


def test_no_phone_is_readable_in_a_row_or_the_journal(anna: Citizen, mailbox: Mailbox, now: datetime) -> None:
    code = code_in(mailbox, now)
    confirm_with_code(identity=IDENTITY, code=code, now=now)
    rows = [*PhoneChange.objects.values_list(), *PhoneNotice.objects.values_list()]
    rows += [*JournalEntry.objects.values_list("data", "subject")]
    for secret in (OLD, NEW, code, ANNA):
        assert secret not in str(rows)
