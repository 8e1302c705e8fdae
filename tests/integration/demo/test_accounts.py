"""The demo's accounts: one for each role, ready to sign in with, with new secrets each time."""

from collections import Counter
from datetime import datetime, timedelta
from io import StringIO

import pytest
from allauth.mfa.totp.internal.auth import validate_totp_code
from django.apps import apps
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from codes.gates.devices import confirm_device, open_device_link, propose_device
from portal.commands import CommandFailed
from portal.demo.accounts import OPERATORS, Secrets, demo_accounts, operator_accounts
from regions.models import City
from regions.staff.models import Account
from regions.staff.roles import Role
from regions.tenancy import in_city
from tests.integration.pages.people import Visitor, present_code


def test_every_role_can_sign_in_at_once_and_secrets_are_new_every_time(beta: City) -> None:
    first = demo_accounts("beta")
    second = demo_accounts("beta")
    assert [one.role for one in second] == [*Role, Role.SECURITY_ADMIN, Role.REVIEWER, Role.SYSTEM_ADMIN]
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
    assert Account.objects.get(username="reviewer").email == "reviewer@beta.example", "where the morning's mail goes"


def test_two_people_of_a_demo_can_enrol_a_gate(beta: City, now: datetime) -> None:
    """And whatever else is decided by the role that proposes it."""
    held = Counter(one.role for one in demo_accounts("beta"))
    deciders = {model.DECIDERS for model in apps.get_models() if hasattr(model, "DECIDERS")} - {Role.APPROVER}
    assert deciders == {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN}
    assert all(held[role] == 2 for role in deciders)
    first, second = (name for name, role in names_of(beta) if role == Role.SYSTEM_ADMIN)
    until = now + timedelta(days=1)
    device = propose_device(name="一号机", place="东站", expires_at=until, reason="新开卡口", by=first, now=now)
    confirm_device(device.pk, by=second, now=now)
    assert open_device_link(device.pk, by=first, now=now)


def names_of(city: City) -> list[tuple[str, Role]]:
    with in_city(city.schema_name):
        return [(one.username, role) for one in Account.objects.order_by("pk") for role in one.roles]


def test_a_demo_has_one_password_and_one_key_for_everybody(beta: City) -> None:
    given = Secrets.fresh()
    accounts = demo_accounts("beta", given)
    assert {(one.password, one.one_time_codes) for one in accounts} == {(given.password, given.one_time_codes)}


def test_the_operator_signs_in_where_no_city_is(db: None, settings: Settings) -> None:
    operator, second, auditor = operator_accounts()
    assert [operator.username, second.username, auditor.username] == list(OPERATORS)
    door = Visitor(Client(headers={"host": settings.OPERATOR_HOSTS[0]}))
    led = door.post("/sign-in/", {"login": operator.username, "password": operator.password})
    assert led.headers["Location"] == "/sign-in/code/"
    led = door.post("/sign-in/code/", {"code": present_code(operator.one_time_codes)})
    assert led.headers["Location"] == "/"
    settings.DEBUG = True
    call_command("demo_code", stdout=(said := StringIO()))
    assert validate_totp_code(auditor.one_time_codes, said.getvalue().split("\t")[0])


def test_operators_are_added_by_a_command(db: None) -> None:
    call_command("add_operator", "mo", "--role", "system_admin", stdout=(said := StringIO()))
    assert "One-time password" in said.getvalue()
    assert Account.objects.get(username="mo").roles == {Role.SYSTEM_ADMIN}
    with pytest.raises(CommandFailed):
        call_command("add_operator", "mo", "--role", "system_admin")
