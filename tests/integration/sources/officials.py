"""Signed-in officials, without passwords: hashing them would take seconds."""

from datetime import datetime

from django.test import Client

from portal.staff_sign_in import limits
from regions.staff.roles import Role
from tests.integration.pages.people import Visitor, tie_phone
from tests.integration.review.desk import hire


def at_desk(name: str, *roles: str, now: datetime, host: str = "beta.localhost") -> Visitor:
    """Return the browser of an official with these roles, signed in with both factors."""
    account = hire(name, *map(Role, roles), now=now)
    account.must_change_password = False
    account.save()
    tie_phone(account, schema=host.partition(".")[0])
    visitor = Visitor(Client(headers={"host": host}))
    visitor.client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = visitor.client.session
    session[limits.KEY] = {"since": now.timestamp(), "seen": now.timestamp(), "ready": True}
    session.save()
    return visitor
