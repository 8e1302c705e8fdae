"""The pages of providers' keys: issued and shown once, replaced while the old key stays valid, revoked at once."""

import logging
import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from psycopg2 import sql

from codes.intake.provider_keys import LONGEST, count_call, issue_key, revoke_key, rotate_key
from codes.models import ProviderKey, Scope
from regions.journal.models import JournalEntry
from regions.refusals import NotAllowed
from regions.staff.roles import Role
from tests.integration.pages.people import Visitor
from tests.integration.review.desk import Desk, hire

LIST = "/staff/keys/"
DAY = timedelta(days=1)


@pytest.fixture
def han(desk: Desk) -> Visitor:
    """A system administrator at their browser."""
    hire("han", Role.SYSTEM_ADMIN, now=desk.now)
    return Visitor.as_account("han", now=desk.now).in_english()


def typed(now: datetime, *scopes: Scope, **changes: object) -> dict[str, object]:
    newest = ProviderKey.objects.order_by("pk").last()
    seen = newest.pk if newest else 0
    until = f"{now + 90 * DAY:%Y-%m-%d}"
    return {"provider": "alipay", "scopes": scopes or (Scope.ENTRIES,), "until": until, "seen": seen, **changes}


def shown_by(response: HttpResponse) -> str:
    """The key on the page."""
    assert response.status_code == 200
    found = re.search(r'data-secret><span translate="no">([^<]+)<', response.content.decode())
    assert found
    return found[1]


def test_a_key_that_ends_soon_is_marked_until_another_lasts_longer(desk: Desk, han: Visitor) -> None:
    marked, counted = "ends soon: replace it", "Provider keys that end within 30 days"
    issue_key(provider="alipay", by="han", now=desk.now, lifetime=90 * DAY)
    assert marked not in han.read(LIST)
    assert counted not in han.read("/staff/")
    issue_key(provider="wechat", by="han", now=desk.now, lifetime=29 * DAY)
    assert han.read(LIST).count(marked) == 1
    assert counted in han.read("/staff/")
    issue_key(provider="wechat", by="han", now=desk.now, lifetime=90 * DAY)
    assert marked not in han.read(LIST)
    assert counted not in han.read("/staff/")


def opens(key: str) -> bool:
    """Whether beta's API takes a call with it."""
    headers = {"host": "beta.localhost", "authorization": f"Bearer {key}"}
    answer = Client().post("/api/v1/entries", b"\n", content_type="application/x-ndjson", headers=headers)
    assert answer.status_code in (200, 401)
    return bool(answer.status_code == 200)


def tables_with(text: str) -> list[str]:
    """The tables that the city can read in which some row holds it."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            query = "SELECT EXISTS (SELECT FROM {} AS one WHERE strpos(one::text, %s) + strpos(one::text, %s) > 0)"
            cursor.execute(sql.SQL(query).format(sql.Identifier(table)), [text, text.encode().hex()])
            found += [table] if cursor.fetchone()[0] else []
    return found


def test_a_key_is_shown_once_and_nowhere_else(desk: Desk, han: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    assert "No key: this provider cannot call." in han.read(LIST)
    assert re.search(r'value="alipay"[^>]* checked', han.read(f"{LIST}new/?provider=alipay"))
    sent = typed(desk.now, Scope.ENTRIES, Scope.STATUS)
    with caplog.at_level(logging.DEBUG):
        answer = han.post(f"{LIST}new/", sent)
    secret, key = shown_by(answer), ProviderKey.objects.get()
    signing = re.search(r'"code"><span translate="no">([0-9a-f]{32,})<', answer.content.decode())
    assert signing
    assert "no-store" in answer.headers["Cache-Control"]
    assert opens(secret)
    assert han.post(f"{LIST}new/", sent).status_code == 409, "the same form once more"
    assert ProviderKey.objects.count() == 1
    for text in (secret, signing[1]):
        assert text not in caplog.text
        assert text not in str(dict(han.client.session))
        assert text not in han.read(LIST) + han.read(f"{LIST}{key.pk}/") + han.read(f"{LIST}{key.pk}/replace/")
        assert tables_with(text) == []
    assert tables_with(key.last_four), "there is something to search"
    issued = JournalEntry.objects.get(verb="provider_key.issued")
    assert (issued.by, issued.subject) == ("han", "provider:alipay")
    assert issued.data["scopes"] == ["entries", "status"]


def test_the_list_says_what_a_key_opens_and_when_it_was_used(desk: Desk, han: Visitor) -> None:
    key, _ = issue_key(provider="alipay", by="operator:lin", now=desk.now - DAY, scopes=[Scope.STATUS])
    page = f"{LIST}{key.pk}/"
    assert "Not yet" in han.read(page)
    count_call(key, now=desk.now - timedelta(hours=5))
    used = f'datetime="{desk.now - timedelta(hours=5):%Y-%m-%dT}'
    for text in (han.read(LIST), han.read(page)):
        assert "ask for a person&#x27;s colour" in text
        assert used in text
        assert "in force" in text


def test_replaced_the_old_key_works_until_the_chosen_instant(
    desk: Desk, han: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, first = issue_key(provider="alipay", by="operator:lin", now=desk.now)
    until = desk.now.replace(second=0, microsecond=0) + 2 * DAY
    sent = typed(desk.now, old_until=until.isoformat())
    second = shown_by(han.post(f"{LIST}{old.pk}/replace/", sent))
    assert (opens(first), opens(second)) == (True, True)
    assert "replaced, still works" in han.read(LIST)
    assert "Last day" not in han.read(f"{LIST}{old.pk}/"), "one end, and not that which it had before"
    again = han.post(f"{LIST}{old.pk}/replace/", sent)
    assert (again.status_code, "has been replaced already" in again.content.decode()) == (422, True)
    assert han.post(f"{LIST}new/", typed(desk.now)).status_code == 422, "two are in force"
    new = ProviderKey.objects.latest("pk")
    entry = JournalEntry.objects.get(verb="provider_key.rotated")
    assert entry.data == {
        "last_four": second[-4:],
        "scopes": ["entries"],
        "expires_at": entry.data["expires_at"],
        "replaces": first[-4:],
        "replaced_until": until.isoformat(),
    }
    for at, works in ((until - timedelta(seconds=1), True), (until, False)):
        monkeypatch.setattr("django.utils.timezone.now", lambda at=at: at)
        assert (opens(first), opens(second)) == (works, True)
    assert issue_key(provider="alipay", by="operator:lin", now=until)[0].pk > new.pk, "the old one counts no more"


def test_revoked_at_once_also_a_key_that_was_replaced(desk: Desk, han: Visitor) -> None:
    old, first = issue_key(provider="alipay", by="operator:lin", now=desk.now)
    ends = {"old_until": desk.now + DAY, "scopes": [Scope.ENTRIES], "lifetime": 9 * DAY}
    _, second = rotate_key(old.pk, **ends, by="han", now=desk.now)  # type: ignore[arg-type]
    assert han.post(f"{LIST}{old.pk}/revoke/").status_code == 302
    assert (opens(first), opens(second)) == (False, True)
    page = han.read(f"{LIST}{old.pk}/")
    assert "the key opens nothing any more" in page
    assert "Revoke the key" not in page
    assert "Expired and revoked keys" in han.read(LIST)
    han.post(f"{LIST}{old.pk}/revoke/")
    assert "This key opens nothing any more. Issue a new one." in han.read(LIST)
    assert JournalEntry.objects.filter(verb="provider_key.revoked").count() == 1
    assert han.post(f"{LIST}{old.pk}/replace/", typed(desk.now, old_until=desk.now + DAY)).status_code == 422


def test_what_is_no_key_is_refused(desk: Desk, han: Visitor) -> None:
    wrong: list[dict[str, object]] = [
        {"scopes": []},
        {"scopes": ["everything"]},
        {"provider": "nobody"},
        {"until": f"{desk.now - DAY:%Y-%m-%d}"},
        {"until": f"{desk.now + LONGEST + 2 * DAY:%Y-%m-%d}"},
    ]
    for changes in wrong:
        assert han.post(f"{LIST}new/", typed(desk.now) | changes).status_code == 422, changes
    sent_in_part = han.post(f"{LIST}new/", typed(desk.now, seen=""))
    assert (sent_in_part.status_code, "The page was sent in part only" in sent_in_part.content.decode()) == (422, True)
    assert not ProviderKey.objects.exists()
    old, _ = issue_key(provider="alipay", by="operator:lin", now=desk.now, lifetime=9 * DAY)
    for until in (desk.now, desk.now + 10 * DAY):
        sent = typed(desk.now, old_until=until.isoformat())
        assert han.post(f"{LIST}{old.pk}/replace/", sent).status_code == 422, until
    assert ProviderKey.objects.count() == 1


def test_system_administrators_only(desk: Desk) -> None:
    key, secret = issue_key(provider="alipay", by="operator:lin", now=desk.now)
    for role in set(Role) - {Role.SYSTEM_ADMIN}:
        name = f"as-{role.value.replace('_', '-')}"
        hire(name, role, now=desk.now)
        with pytest.raises(NotAllowed):
            rotate_key(key.pk, old_until=desk.now + DAY, scopes=[Scope.STATUS], lifetime=DAY, by=name, now=desk.now)
        with pytest.raises(NotAllowed):
            revoke_key(key.pk, by=name, now=desk.now)
    assert opens(secret)
    assert ProviderKey.objects.get().revoked_at is None
