"""The demo's accounts: one a role, ready to sign in with, with new secrets every time."""

from django.test import Client

from portal.demo.accounts import demo_accounts
from regions.models import City
from regions.staff.models import Account
from regions.staff.roles import Role
from tests.integration.pages.people import Visitor, present_code


def test_every_role_can_sign_in_at_once_and_secrets_are_new_every_time(beta: City) -> None:
    first = demo_accounts("beta")
    second = demo_accounts("beta")
    assert [one.role for one in second] == list(Role)
    assert not {one.password for one in first} & {one.password for one in second}
    assert not {one.one_time_codes for one in first} & {one.one_time_codes for one in second}
    reviewer = second[0]
    door = Visitor(Client(headers={"host": "beta.localhost"}))
    led = door.post("/staff/sign-in/", {"login": reviewer.username, "password": reviewer.password})
    assert led.headers["Location"] == "/staff/sign-in/code/"
    led = door.post("/staff/sign-in/code/", {"code": present_code(reviewer.one_time_codes)})
    assert led.headers["Location"] == "/staff/"
    assert "复核员" in door.read("/staff/")
    assert Account.objects.get(username="reviewer").roles == {Role.REVIEWER}
