"""One-time codes: sent once, valid once, and no visible difference for a number that is not registered."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from codes.citizens.sign_in import (
    Browser,
    GatewayRefused,
    WrongCode,
    ask_code,
    deliver_code,
    forget_old_codes,
    redeem_code,
)
from codes.intake.citizens import find_or_make, lock_intake
from codes.limits import TooOften
from codes.models import Citizen, SignInCode
from regions.identity import Identity, check_identity
from regions.journal.models import JournalEntry
from regions.keys.encryption import encrypt_phone, identity_hash, phone_hash
from regions.models import City

PHONE = "13800000000"
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
KNOWN = check_identity("10", "11010519491231002X", today=NOW.date())
UNKNOWN = check_identity("20", "E12345678", today=NOW.date())
MINUTE = timedelta(minutes=1)
HOME = Browser()


class Mailbox:
    """A gateway that keeps what it is given, or refuses it."""

    def __init__(self, *, refusing: bool = False) -> None:
        self.sent: list[tuple[str, str]] = []
        self.refusing = refusing

    def send(self, *, phone: str, text: str) -> None:
        if self.refusing:
            raise GatewayRefused("no credit")
        self.sent.append((phone, text))

    @property
    def code(self) -> str:
        """The six digits of the newest message."""
        return "".join(filter(str.isdecimal, self.sent[-1][1].partition("，")[0]))


@pytest.fixture
def citizen(beta: City) -> Citizen:
    with transaction.atomic():
        lock_intake()
        made = find_or_make([KNOWN], now=NOW)[KNOWN]
    made.phone_encrypted, made.phone_hash = encrypt_phone(PHONE), phone_hash(PHONE)
    made.save()
    return made


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


def ask(identity: Identity = KNOWN, *, at: datetime = NOW, address: str = "10.0.0.1", browser: Browser = HOME) -> int:
    return ask_code(identity=identity, browser=browser, address=address, now=at)


def sent_code(mailbox: Mailbox, *, at: datetime = NOW) -> str:
    assert deliver_code(code_id=ask(at=at), gateway=mailbox, now=at)
    return mailbox.code


def another(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_a_code_sent_to_the_phone_signs_its_citizen_in(citizen: Citizen, mailbox: Mailbox) -> None:
    code = sent_code(mailbox)
    assert mailbox.sent[0][0] == PHONE
    assert len(code) == 6
    assert (
        redeem_code(identity=KNOWN, browser=HOME, code=f" {code} ", now=NOW + 5 * MINUTE - timedelta(seconds=1))
        == citizen
    )
    entry = JournalEntry.objects.get(verb="citizen.signed_in")
    assert (entry.by, entry.subject) == (f"citizen:{citizen.ref}", f"citizen:{citizen.ref}")


def test_neither_code_nor_number_nor_address_can_be_read_from_the_database(citizen: Citizen, mailbox: Mailbox) -> None:
    code = sent_code(mailbox)
    values = [bytes(one) if isinstance(one, memoryview) else one for one in SignInCode.objects.values_list().get()]
    row = str(values) + str(list(JournalEntry.objects.values_list("data", "subject")))
    assert SignInCode.objects.get().code_sealed is None
    for secret in (code, KNOWN.id_number, "10.0.0.1", PHONE):
        assert secret not in row


def test_a_code_is_good_once(citizen: Citizen, mailbox: Mailbox) -> None:
    code = sent_code(mailbox)
    redeem_code(identity=KNOWN, browser=HOME, code=code, now=NOW)
    with pytest.raises(WrongCode):
        redeem_code(identity=KNOWN, browser=HOME, code=code, now=NOW)


def test_a_code_is_good_for_five_minutes(citizen: Citizen, mailbox: Mailbox) -> None:
    code = sent_code(mailbox)
    with pytest.raises(WrongCode):
        redeem_code(identity=KNOWN, browser=HOME, code=code, now=NOW + 5 * MINUTE)


@pytest.mark.parametrize(("wrong", "works"), [(0, True), (4, True), (5, False), (9, False)])
def test_a_code_can_be_tried_five_times(citizen: Citizen, mailbox: Mailbox, wrong: int, works: bool) -> None:
    code = sent_code(mailbox)
    for _ in range(wrong):
        with pytest.raises(WrongCode):
            redeem_code(identity=KNOWN, browser=HOME, code=another(code), now=NOW)
    if works:
        assert redeem_code(identity=KNOWN, browser=HOME, code=code, now=NOW) == citizen
    else:
        with pytest.raises(WrongCode):
            redeem_code(identity=KNOWN, browser=HOME, code=code, now=NOW)


@pytest.mark.parametrize("identity", [KNOWN, UNKNOWN], ids=["known", "unknown"])
def test_from_the_fifth_wrong_code_on_it_is_said_that_none_is_left(citizen: Citizen, identity: Identity) -> None:
    ask(identity)
    told = []
    for _ in range(6):
        with pytest.raises(WrongCode) as refused:
            redeem_code(identity=identity, browser=HOME, code="12345", now=NOW)
        told.append(refused.value.none_left)
    assert told == [False] * 4 + [True] * 2


def test_the_first_code_is_taken_after_a_second_was_asked_for(citizen: Citizen, mailbox: Mailbox) -> None:
    first = sent_code(mailbox)
    second = sent_code(mailbox, at=NOW + MINUTE)
    assert redeem_code(identity=KNOWN, browser=HOME, code=first, now=NOW + MINUTE) == citizen
    with pytest.raises(WrongCode):
        redeem_code(identity=KNOWN, browser=HOME, code=second, now=NOW + MINUTE)


def test_the_second_code_ends_the_first(citizen: Citizen, mailbox: Mailbox) -> None:
    first = sent_code(mailbox)
    assert (
        redeem_code(identity=KNOWN, browser=HOME, code=sent_code(mailbox, at=NOW + MINUTE), now=NOW + MINUTE) == citizen
    )
    with pytest.raises(WrongCode):
        redeem_code(identity=KNOWN, browser=HOME, code=first, now=NOW + MINUTE)


def test_an_older_code_lives_no_longer_for_a_newer_one(citizen: Citizen, mailbox: Mailbox) -> None:
    first = sent_code(mailbox)
    sent_code(mailbox, at=NOW + 4 * MINUTE)
    with pytest.raises(WrongCode):
        redeem_code(identity=KNOWN, browser=HOME, code=first, now=NOW + 5 * MINUTE)


def test_a_try_counts_against_every_code_that_is_out(citizen: Citizen, mailbox: Mailbox) -> None:
    codes = {sent_code(mailbox), sent_code(mailbox, at=NOW + MINUTE)}
    wrong = next(f"{number:06d}" for number in range(3) if f"{number:06d}" not in codes)
    for _ in range(5):
        with pytest.raises(WrongCode):
            redeem_code(identity=KNOWN, browser=HOME, code=wrong, now=NOW + MINUTE)
    for code in codes:
        with pytest.raises(WrongCode):
            redeem_code(identity=KNOWN, browser=HOME, code=code, now=NOW + MINUTE)
    assert set(SignInCode.objects.values_list("tries", flat=True)) == {5}


@pytest.mark.parametrize("typed", ["{0}", " {0} ", "{1} {2}", "\u3000{1}\xa0{2}", "{3}", "{4} {5}"])
def test_a_code_is_taken_however_it_was_typed(citizen: Citizen, mailbox: Mailbox, typed: str) -> None:
    code = sent_code(mailbox)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    typed = typed.format(code, code[:3], code[3:], wide, wide[:3], wide[3:])
    assert redeem_code(identity=KNOWN, browser=HOME, code=typed, now=NOW) == citizen


def test_another_persons_code_is_nothing_to_me(citizen: Citizen, mailbox: Mailbox) -> None:
    code = sent_code(mailbox)
    ask(UNKNOWN)
    with pytest.raises(WrongCode):
        redeem_code(identity=UNKNOWN, browser=HOME, code=code, now=NOW)


def test_a_code_is_delivered_once(citizen: Citizen, mailbox: Mailbox) -> None:
    asked = ask()
    assert deliver_code(code_id=asked, gateway=mailbox, now=NOW)
    assert not deliver_code(code_id=asked, gateway=mailbox, now=NOW)
    assert len(mailbox.sent) == 1


def test_a_refused_delivery_can_be_repeated(citizen: Citizen, mailbox: Mailbox) -> None:
    asked = ask()
    with pytest.raises(GatewayRefused):
        deliver_code(code_id=asked, gateway=Mailbox(refusing=True), now=NOW)
    assert deliver_code(code_id=asked, gateway=mailbox, now=NOW)
    assert redeem_code(identity=KNOWN, browser=HOME, code=mailbox.code, now=NOW) == citizen


def test_nothing_is_sent_to_nobody_or_without_a_phone_or_too_late(citizen: Citizen, mailbox: Mailbox) -> None:
    assert not deliver_code(code_id=ask(UNKNOWN), gateway=mailbox, now=NOW)
    assert not deliver_code(code_id=ask(), gateway=mailbox, now=NOW + 5 * MINUTE)
    Citizen.objects.update(phone_encrypted=None)
    assert not deliver_code(code_id=ask(at=NOW + MINUTE), gateway=mailbox, now=NOW + MINUTE)
    assert not deliver_code(code_id=10**9, gateway=mailbox, now=NOW)
    assert mailbox.sent == []
    assert set(SignInCode.objects.values_list("code_sealed", flat=True)) == {None}


def statements(act: Any) -> list[str]:
    """The kinds of statements an act makes, without their values."""
    with CaptureQueriesContext(connection) as queries, suppress(WrongCode):
        act()
    return [re.sub(r" ?-?\d+|VALUES.*|WHERE.*", "", one["sql"], flags=re.DOTALL) for one in queries]


def test_a_number_nobody_has_makes_the_same_work(citizen: Citizen) -> None:
    """Same statements, same rows: a stop-watch and a wire see no difference."""
    assert statements(lambda: ask(KNOWN)) == statements(lambda: ask(UNKNOWN))
    for code in ("000000", ""):
        known = statements(lambda code=code: redeem_code(identity=KNOWN, browser=HOME, code=code, now=NOW))
        assert known == statements(lambda code=code: redeem_code(identity=UNKNOWN, browser=HOME, code=code, now=NOW))
    rows: list[Any] = list(SignInCode.objects.order_by("pk").values())
    known_row, unknown_row = rows
    differing = {name for name in known_row if known_row[name] != unknown_row[name]}
    assert differing == {"id", "id_hash", "citizen_id", "code_hash", "code_sealed"}
    assert len(known_row["code_sealed"]) == len(unknown_row["code_sealed"])


@pytest.mark.parametrize("identity", [KNOWN, UNKNOWN])
def test_asking_too_often_is_refused_alike(citizen: Citizen, identity: Identity) -> None:
    ask(identity)
    with pytest.raises(TooOften) as refused:
        ask(identity, at=NOW + timedelta(seconds=20))
    assert refused.value.seconds == 40
    for minutes in (2, 4, 6, 8):
        ask(identity, at=NOW + minutes * MINUTE)
    with pytest.raises(TooOften) as hourly:
        ask(identity, at=NOW + 10 * MINUTE)
    assert hourly.value.seconds == 50 * 60
    ask(identity, at=NOW + 60 * MINUTE)


def test_an_address_that_asks_for_many_numbers_is_stopped(citizen: Citizen) -> None:
    numbers = [Identity(UNKNOWN.id_type, f"E{number:08d}") for number in range(61)]
    for identity in numbers[:60]:
        ask(identity)
    with pytest.raises(TooOften):
        ask(numbers[60])
    ask(numbers[60], address="10.0.0.2")


def test_five_wrong_codes_from_elsewhere_leave_the_owners_code(citizen: Citizen, mailbox: Mailbox) -> None:
    code, elsewhere = sent_code(mailbox), Browser()
    ask(at=NOW, address="10.9.9.9", browser=elsewhere)
    for _ in range(9):
        with pytest.raises(WrongCode):
            redeem_code(identity=KNOWN, browser=elsewhere, code=another(code), now=NOW)
    assert redeem_code(identity=KNOWN, browser=HOME, code=code, now=NOW) == citizen


def test_a_code_does_not_work_in_a_browser_that_did_not_ask(citizen: Citizen, mailbox: Mailbox) -> None:
    code, elsewhere = sent_code(mailbox), Browser()
    ask(address="10.9.9.9", browser=elsewhere)
    for browser in (elsewhere, Browser()):
        with pytest.raises(WrongCode):
            redeem_code(identity=KNOWN, browser=browser, code=code, now=NOW)


@pytest.mark.parametrize("identity", [KNOWN, UNKNOWN])
def test_requests_from_one_address_elsewhere_leave_the_owners(citizen: Citizen, identity: Identity) -> None:
    """Ten a day from there, whatever cookies are thrown away; the owner asks at home for the first time."""
    for hour in range(0, 20, 2):
        ask(identity, at=NOW + hour * 60 * MINUTE, address="10.9.9.9", browser=Browser())
    with pytest.raises(TooOften):
        ask(identity, at=NOW + 20 * 60 * MINUTE, address="10.9.9.9", browser=Browser())
    ask(identity, at=NOW + 20 * 60 * MINUTE)


@pytest.mark.parametrize("identity", [KNOWN, UNKNOWN])
def test_a_browser_that_signed_in_before_is_not_stopped_by_any_number_of_strangers(
    citizen: Citizen, identity: Identity
) -> None:
    for place in range(30):
        ask(identity, address=f"10.9.9.{place}", browser=Browser())
    with pytest.raises(TooOften):
        ask(identity, address="10.9.8.1", browser=Browser())
    with pytest.raises(TooOften):
        ask(identity)
    with pytest.raises(TooOften):
        ask(identity, browser=HOME.marked(Identity(UNKNOWN.id_type, "E87654321")))
    ask(identity, browser=HOME.marked(identity))
    # And its own requests stay limited.
    with pytest.raises(TooOften):
        ask(identity, browser=HOME.marked(identity), at=NOW + MINUTE / 2)


def test_a_mark_says_nothing_and_fits_one_browser(beta: City) -> None:
    marked = HOME.marked(KNOWN)
    assert KNOWN.id_number not in str(marked.marks)
    assert marked.marked(KNOWN) == marked
    stolen = Browser(marks=marked.marks)
    assert marked.has_signed_in(identity_hash(KNOWN))
    assert not stolen.has_signed_in(identity_hash(KNOWN))
    many = HOME
    for number in range(12):
        many = many.marked(Identity(UNKNOWN.id_type, f"E{number:08d}"))
    assert len(many.marks) == Browser.MOST_MARKS


def test_old_codes_are_forgotten(citizen: Citizen) -> None:
    ask()
    assert forget_old_codes(now=NOW + timedelta(days=2)) == 0
    assert forget_old_codes(now=NOW + timedelta(days=2, seconds=1)) == 1


@pytest.mark.parametrize("change", [{"tries": 6}, {"tries": -1}, {"used_at": NOW, "citizen": None}])
def test_the_database_refuses_more_tries_and_codes_of_nobody(citizen: Citizen, change: dict[str, object]) -> None:
    asked = ask()
    with pytest.raises(IntegrityError), transaction.atomic():
        SignInCode.objects.filter(pk=asked).update(**change)
