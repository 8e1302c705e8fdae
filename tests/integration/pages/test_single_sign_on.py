"""A city's single sign-on: available if the installation's settings name it, for existing accounts only."""

from types import SimpleNamespace
from typing import Any

import pytest
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client, RequestFactory
from pytest_django import Settings

from portal.environment import _single_sign_on
from portal.staff_sign_in.adapters import SingleSignOnAdapter
from regions.journal.models import JournalEntry
from regions.models import City
from regions.staff.accounts import add_staff
from tests.integration.pages.people import Visitor

NAMED = '{"beta": {"name": "市政务云", "server_url": "https://sso.example", "client_id": "portal", "secret": "s3cret"}}'


@pytest.fixture
def door(beta: City, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": list(_single_sign_on(NAMED))}}
    found = {"authorization_endpoint": "https://sso.example/authorize", "token_endpoint": "https://sso.example/token"}
    monkeypatch.setattr(OpenIDConnectOAuth2Adapter, "openid_config", found)
    return Visitor(Client(headers={"host": "beta.localhost"}))


def arrived(city: City, name: str) -> tuple[Any, SocialLogin]:
    """A request that came back from the sign-on, which vouches for the name."""
    request = RequestFactory().get("/staff/single-sign-on/beta/")
    request.tenant = city  # type: ignore[attr-defined]
    request.session = SessionStore()
    request.user = SimpleNamespace(is_authenticated=False, roles=frozenset())  # type: ignore[assignment]
    claims = {"userinfo": {"sub": "17", "preferred_username": name}}
    return request, SocialLogin(account=SocialAccount(provider="beta", uid="17", extra_data=claims))


def test_the_citys_own_sign_on_is_offered_and_leads_there(door: Visitor) -> None:
    assert "通过市政务云登录" in door.read("/staff/sign-in/")
    led = door.post("/staff/single-sign-on/").headers["Location"]
    assert led.startswith("https://sso.example/authorize?client_id=portal")
    assert "s3cret" not in led


def test_it_is_not_another_citys(door: Visitor) -> None:
    elsewhere = {"host": "alpha.localhost"}
    assert "单点" not in door.read("/staff/sign-in/", headers=elsewhere)
    assert door.post("/staff/single-sign-on/", headers=elsewhere).status_code == 404
    assert door.get("/staff/single-sign-on/beta/", headers=elsewhere).status_code == 404


def test_an_account_of_that_name_is_tied_to_it(door: Visitor, beta: City, now: Any) -> None:
    account, _ = add_staff(username="anna", roles=["reviewer"], by="system", now=now)
    request, login = arrived(beta, "anna")
    with context.request_context(request):
        SingleSignOnAdapter().pre_social_login(request, login)
    assert SocialAccount.objects.get().user == account
    assert JournalEntry.objects.filter(verb="staff.single_sign_on_tied", by="anna").exists()


@pytest.mark.parametrize("name", ["nobody", ""])
def test_a_name_without_an_account_gets_nowhere(door: Visitor, beta: City, name: str) -> None:
    request, login = arrived(beta, name)
    with context.request_context(request), pytest.raises(ImmediateHttpResponse) as refusal:
        SingleSignOnAdapter().pre_social_login(request, login)
    assert refusal.value.response.status_code == 403
    assert not SocialAccount.objects.exists()
