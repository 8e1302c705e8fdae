"""Functions of the staff tests: enrolment links, and people who follow them."""

import re
from datetime import UTC, datetime, timedelta

from django.core import mail
from django.test import Client
from django.utils import timezone

from portal.official.staff.enrolment_mail import send_link
from regions.staff.enrolment import links_to_send
from regions.staff.models import Account
from tests.integration.pages.people import Visitor, present_code

AT = datetime(2026, 11, 24, 2, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
PATH = "/staff/people/"
NEW = {
    "username": "new",
    "full_name": "新",
    "office": "市卫健委",
    "email": "new@example.cn",
    "roles": ["reviewer"],
    "note": "新入职",
}
CHOSEN = "vier Wörter im eigenen Kopf"


def mailed_links() -> list[str]:
    """Send the links that wait, as a worker does. Return the paths of all sent links, the oldest first."""
    now = timezone.now()
    for one in links_to_send(now=now):
        send_link(one.pk, host="beta.localhost", now=now)
    return [re.findall(r"/staff/enrol/[\w-]+/", str(one.body))[0] for one in mail.outbox]


def anybody(host: str = "beta.localhost") -> Visitor:
    return Visitor(Client(headers={"host": host})).in_english()


def follow(link: str, password: str = CHOSEN, *, host: str = "beta.localhost") -> tuple[Visitor, str, int]:
    """Open a link and enrol. Return the visitor, the secret of their authenticator app, and the status of the last page."""
    person = anybody(host)
    assert person.get(link).headers["Location"] == "/staff/enrol/"
    page = person.get("/staff/enrol/")
    if page.status_code != 200:
        return person, "", page.status_code
    secret = page.content.decode().split('<code class="code">')[1].split("</code>")[0]
    data = {"password1": password, "password2": password, "code": present_code(secret)}
    return person, secret, person.post("/staff/enrol/", data).status_code


def email_of(username: str) -> str:
    return Account.objects.get(username=username).email
