"""Sign-in of staff: own password, one-time codes, time-outs, lock-out; the operator's staff on the public host."""

import re
from datetime import datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from portal.staff_sign_in import limits
from portal.staff_sign_in.adapters import decrypt_secret, encrypt_secret
from regions.journal.models import JournalEntry
from regions.models import City
from regions.staff.accounts import add_staff
from regions.staff.models import Account
from tests.integration.pages.people import PASSWORD, Visitor, present_code, ready_account, tie_phone

FRESH = "eine ganz andere Losung"


@pytest.fixture
def door(beta: City, clock: datetime) -> Visitor:
    return Visitor(Client(headers={"host": "beta.localhost"}))


@pytest.fixture
def present_door(beta: City) -> Visitor:
    """The same at the present hour: attempts are counted by a clock of their own."""
    return Visitor(Client(headers={"host": "beta.localhost"}))


def sign_in(door: Visitor, username: str, password: str, **options: str) -> str:
    """Where it leads."""
    response = door.post("/staff/sign-in/", {"login": username, "password": password, **options})
    return response.headers.get("Location", "")


def test_a_new_account_takes_its_first_steps(
    door: Visitor, clock: datetime, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    _, given = add_staff(username="anna", roles=["reviewer"], by="system", now=clock)
    sign_in(door, "anna", given)
    assert door.get("/staff/").headers["Location"] == "/staff/account/password/"
    assert door.get("/staff/account/").headers["Location"] == "/staff/account/password/"
    door.post("/staff/account/password/", {"oldpassword": given, "password1": FRESH, "password2": FRESH})
    assert door.get("/staff/").headers["Location"] == "/staff/account/codes/"
    page = door.read("/staff/account/codes/")
    secret = page.split('<code class="code">')[1].split("</code>")[0]
    with django_capture_on_commit_callbacks(execute=True):
        done = door.post("/staff/account/codes/", {"code": present_code(secret)})
    assert done.headers["Location"] == "/staff/account/codes/recovery/"
    assert door.read("/staff/account/codes/recovery/").count('<li><code class="code">') == 10
    assert "复核员" in door.read("/staff/")
    assert not Account.objects.get(username="anna").must_change_password
    told = set(JournalEntry.objects.filter(by="anna").values_list("verb", flat=True))
    assert {"staff.signed_in", "staff.password_changed", "staff.codes_set_up"} <= told


def test_the_second_factor_is_asked_for_and_a_code_counts_once(door: Visitor, clock: datetime) -> None:
    account = ready_account("anna", "reviewer", now=clock)
    Authenticator.objects.filter(user=account).delete()
    secret = tie_phone(account)
    assert sign_in(door, "anna", PASSWORD) == "/staff/sign-in/code/"
    assert door.get("/staff/").headers["Location"].startswith("/staff/sign-in/")
    wrong = door.post("/staff/sign-in/code/", {"code": "000000"}).content.decode()
    assert "动态码不正确或已用过" in wrong
    code = present_code(secret)
    assert door.post("/staff/sign-in/code/", {"code": code}).headers["Location"] == "/staff/"
    door.post("/staff/sign-out/")
    sign_in(door, "anna", PASSWORD)
    assert "动态码不正确或已用过" in door.post("/staff/sign-in/code/", {"code": code}).content.decode()


def test_five_wrong_passwords_lock_the_name_here_even_for_the_right_one(present_door: Visitor, now: datetime) -> None:
    door = present_door
    ready_account("anna", "reviewer", now=now)
    statuses = [door.post("/staff/sign-in/", {"login": "anna", "password": "falsch"}).status_code for _ in range(5)]
    assert statuses[:4] == [200] * 4
    locked = door.post("/staff/sign-in/", {"login": "anna", "password": PASSWORD})
    assert locked.status_code == 429
    assert re.search("已锁定15分钟.*请于[0-9年月日: ]+再试", locked.content.decode(), re.DOTALL)
    assert locked.headers["Retry-After"] == "900"
    assert JournalEntry.objects.filter(verb="staff.locked_out", subject="staff:anna").exists()


def test_a_locked_name_looks_alike_whether_it_exists_or_not(present_door: Visitor, now: datetime) -> None:
    door = present_door
    ready_account("anna", "reviewer", now=now)
    pages = []
    for name in ("anna", "nobody"):
        answers = [door.post("/staff/sign-in/", {"login": name, "password": "falsch"}) for _ in range(6)]
        answer = answers[-1]
        pages.append((answer.status_code, answer.content.split(b"<main")[1]))
    assert pages[0] == pages[1]
    assert not JournalEntry.objects.filter(subject="staff:nobody").exists()


def test_after_fifteen_idle_minutes_one_signs_in_again(
    beta: City, clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Visitor.at_work("reviewer", now=clock)
    worker.read("/staff/")
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock + timedelta(minutes=16))
    assert worker.get("/staff/").headers["Location"] == "/staff/sign-in/?next=%2Fstaff%2F"
    assert "您长时间未操作，已自动退出" in worker.read("/staff/sign-in/")


def test_a_page_that_renews_itself_keeps_nobody_signed_in(
    beta: City, clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Visitor.at_work("reviewer", now=clock)
    page = worker.read("/staff/")
    assert "X-Unattended" in page
    renewing = {"HX-Request": "true", "X-Unattended": "yes"}
    for minute in range(1, 16):
        monkeypatch.setattr("django.utils.timezone.now", lambda now=clock + timedelta(minutes=minute): now)
        assert worker.get("/staff/", headers=renewing).status_code == 200
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock + timedelta(minutes=16))
    assert worker.get("/staff/", headers=renewing).headers["HX-Redirect"] == "/staff/sign-in/"
    assert worker.get("/staff/").status_code == 302


def test_after_eight_hours_one_signs_in_again_however_busy(
    beta: City, clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Visitor.at_work("reviewer", now=clock)
    for minute in range(0, 8 * 60, 10):
        monkeypatch.setattr("django.utils.timezone.now", lambda now=clock + timedelta(minutes=minute): now)
        assert worker.get("/staff/").status_code == 200
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock + timedelta(hours=8, seconds=1))
    assert worker.get("/staff/").headers["Location"] == "/staff/sign-in/?next=%2Fstaff%2F"
    assert "您的登录已满8小时" in worker.read("/staff/sign-in/")
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock + timedelta(hours=8, minutes=1))
    assert worker.get("/staff/").status_code == 302


def test_a_session_that_does_not_say_since_when_is_over(beta: City, clock: datetime) -> None:
    worker = Visitor.at_work("reviewer", now=clock)
    session = worker.client.session
    del session[limits.KEY]
    session.save()
    assert worker.get("/staff/").headers["Location"] == "/staff/sign-in/?next=%2Fstaff%2F"


def test_htmx_leads_the_whole_page_to_the_sign_in(beta: City, clock: datetime, door: Visitor) -> None:
    response = door.get("/staff/", headers={"hx-request": "true"})
    assert response.headers["HX-Redirect"] == "/staff/sign-in/"


def test_an_inactive_account_does_not_get_in(door: Visitor, clock: datetime) -> None:
    account = ready_account("anna", "reviewer", now=clock)
    Account.objects.filter(pk=account.pk).update(is_active=False)
    assert sign_in(door, "anna", PASSWORD) != "/staff/sign-in/code/"
    assert door.get("/staff/").status_code == 302


def test_a_new_phone_takes_the_old_one_off(beta: City, clock: datetime) -> None:
    worker = Visitor.at_work("reviewer", now=clock)
    asked = worker.get("/staff/account/codes/renew/")
    assert asked.status_code == 200
    led = worker.post("/staff/account/codes/renew/")
    assert led.headers["Location"] == "/staff/account/codes/"
    assert worker.get("/staff/").headers["Location"] == "/staff/account/codes/"


def test_nobody_signs_up(door: Visitor) -> None:
    for path in ("/staff/signup/", "/staff/sign-up/", "/accounts/signup/"):
        assert door.get(path).status_code == 404


def test_single_sign_on_is_not_there_unless_named(door: Visitor) -> None:
    assert door.post("/staff/single-sign-on/").status_code == 404
    assert door.get("/staff/single-sign-on/beta/").status_code == 404
    assert "single-sign-on" not in door.read("/staff/sign-in/")


def test_the_operators_staff_sign_in_at_the_public_host(db: None, clock: datetime) -> None:
    ready_account("anna", "system_admin", now=clock)
    door = Visitor(Client(headers={"host": "localhost"}))
    assert door.get("/").headers["Location"] == "/sign-in/?next=%2F"
    response = door.post("/sign-in/", {"login": "anna", "password": PASSWORD})
    assert response.headers["Location"] == "/sign-in/code/"


def test_an_encrypted_secret_opens_in_its_own_schema_only() -> None:
    encrypted = encrypt_secret("JBSWY3DPEHPK3PXP", schema="beta")
    assert decrypt_secret(encrypted, schema="beta") == "JBSWY3DPEHPK3PXP"
    with pytest.raises(ValueError, match="does not open"):
        decrypt_secret(encrypted, schema="alpha")
