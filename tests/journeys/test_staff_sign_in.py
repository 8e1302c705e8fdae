"""Staff sign-in in a browser: the steps of the first day, then password and one-time code, in both languages."""

import pytest
from django.core import mail

from portal.official.tasks import sweep_enrolment_links
from regions.staff.accounts import add_staff
from regions.staff.models import Account
from regions.staff.roles import Role
from regions.tenancy import in_city
from tests.integration.pages.people import PASSWORD, present_code
from tests.journeys.conftest import Opens
from tests.journeys.world import CITY, World

FRESH = "eine ganz andere Losung"


@pytest.mark.parametrize(("device", "language"), [("desktop", "zh-hans"), ("phone", "en")])
def test_password_and_one_time_code(window: Opens, device: str, language: str) -> None:
    official = window(device)
    official.open("/staff/")
    assert official.path.startswith("/staff/sign-in/")
    official.in_language(language).sign_in_as_staff("li")
    assert official.path == "/staff/"
    assert "李建国" in official.page.locator(".masthead").inner_text()
    official.press("Sign out")
    official.open("/staff/")
    assert official.path.startswith("/staff/sign-in/")


def test_a_wrong_code_lets_nobody_in(window: Opens) -> None:
    official = window("desktop")
    official.open("/staff/sign-in/")
    official.page.locator("[name=login]").fill("wu")
    official.page.locator("[name=password]").fill(PASSWORD)
    official.send()
    official.page.locator("[name=code]").fill("000000")
    official.send()
    assert "动态码不正确或已用过" in official.text
    official.open("/staff/")
    assert official.path.startswith("/staff/sign-in/")


@pytest.mark.parametrize(("device", "language"), [("desktop", "zh-hans"), ("phone", "en")])
def test_a_reset_lifts_a_lock_out(
    window: Opens, world: World, monkeypatch: pytest.MonkeyPatch, device: str, language: str
) -> None:
    """Wrong passwords lock the account. Two administrators reset it, and its owner can sign in without waiting."""
    monkeypatch.setattr("django.conf.settings.AXES_FAILURE_LIMIT", 1)
    for module in ("axes.attempts", "axes.handlers.proxy"):
        monkeypatch.setattr(f"{module}.now", world.clock)
    locked = f"mei.{device}"
    world.employ(locked, "梅兰", Role.REVIEWER)
    world.employ("an", "安宁", Role.SECURITY_ADMIN)
    world.employ("bo", "薄涛", Role.SECURITY_ADMIN)
    with in_city(CITY):
        Account.objects.filter(username=locked).update(email=f"{locked}@example.cn")
        account = Account.objects.get(username=locked)
    official = window(device)
    official.open("/staff/sign-in/")
    official.in_language(language)
    for password in ("wrong", PASSWORD):
        official.open("/staff/sign-in/")
        official.page.locator("[name=login]").fill(locked)
        official.page.locator("[name=password]").fill(password)
        official.send()
    assert "15" in official.text, "locked, also for the right one"

    proposer, confirmer = (window(device).staff(name, language) for name in ("an", "bo"))
    proposer.open(f"/staff/people/{account.pk}/")
    proposer.check_words()
    form = proposer.page.locator("main form:has(button[value=reset])")
    form.locator("[name=reason]").fill("忘记密码")
    form.locator("button").click()
    proposer.page.wait_for_url("**/changes/**")
    confirmer.open(proposer.path)
    confirmer.press("Confirm")
    sweep_enrolment_links()
    official.enrol(mail.outbox[-1], locked)
    assert official.path == "/staff/"


def test_the_first_day(window: Opens, world: World) -> None:
    """The steps are: an own password, an authenticator app set up by typing, the recovery codes, and the overview."""
    with in_city(CITY):
        _, given = add_staff(username="erna", roles=[Role.REVIEWER], by="system", now=world.clock())
    official = window("desktop")
    official.open("/staff/sign-in/")
    official.page.locator("[name=login]").fill("erna")
    official.page.locator("[name=password]").fill(given)
    official.send()
    official.page.locator("[name=oldpassword]").fill(given)
    official.page.locator("[name=password1]").fill(FRESH)
    official.page.locator("[name=password2]").fill(FRESH)
    official.send()
    assert official.page.locator(".pass-code svg").is_visible()
    secret = official.page.locator("code.code").first.inner_text()
    official.page.locator("[name=code]").fill(present_code(secret))
    official.send()
    assert official.page.locator("li code.code").count() == 10
    official.open("/staff/")
    assert "复核员" in official.text
