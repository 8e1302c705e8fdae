"""After a day of use, no log, task, cache or address contains an identity or a secret."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from celery.app.task import Task
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_started
from django.test import Client

from codes.models import Entry, SignInCode
from codes.passes.issuing import issue_pass
from portal.citizen.sign_in import tasks
from portal.observability.logs import JsonFormatter
from regions.staff.models import CacheEntry
from regions.staff.roles import Role
from tests.integration.lines import ANNA, BERT
from tests.integration.official.test_provider_keys import shown_by
from tests.integration.pages.conftest import PHONE
from tests.integration.pages.people import PASSWORD, Visitor, ready_account
from tests.integration.pages.test_appealing import choose, upload
from tests.integration.pages.test_citizen_sign_in import Pocket
from tests.integration.pages.test_declaring import answer_all
from tests.integration.pages.test_paper_at_the_counter import document_in, look
from tests.integration.review.desk import Desk, hire


@pytest.fixture
def addresses() -> Iterator[list[str]]:
    """Every address that was asked for, as an access log has it."""
    asked: list[str] = []

    def note(environ: dict[str, Any], **_: object) -> None:
        asked.append(f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}")

    request_started.connect(note)
    yield asked
    request_started.disconnect(note)


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the broker is given: names of tasks with their arguments."""
    sent: list[str] = []
    monkeypatch.setattr(Task, "apply_async", lambda self, *args, **kwargs: sent.append(f"{self.name} {args} {kwargs}"))
    return sent


def sign_in(number: str, desk: Desk, pocket: Pocket) -> tuple[Visitor, str]:
    """As a person does it, a wrong code first; the right one."""
    person = Visitor(Client(headers={"host": "beta.localhost"}))
    person.post("/sign-in/", {"id_type": "10", "id_number": number})
    tasks._deliver(SignInCode.objects.latest("pk").pk, now=desk.now)
    person.post("/sign-in/code/", {"code": "000000"})
    assert person.post("/sign-in/code/", {"code": pocket.code}).status_code == 302
    return person, pocket.code


def issued_key(desk: Desk) -> str:
    """A provider's key as a system administrator issues it."""
    hire("han", Role.SYSTEM_ADMIN, now=desk.now)
    sent = {"provider": "alipay", "scopes": ["entries"], "until": f"{desk.now:%Y}-12-31", "seen": "0"}
    answer = Visitor.as_account("han", now=desk.now).post("/staff/keys/new/", sent)
    return shown_by(answer)


def deliver_entry(key: str) -> None:
    """A provider's own line, about somebody who is known."""
    line = {"type": "check_in", "provider": "alipay", "entry_id": "leak-1", "id_type": "10", "id_number": ANNA}
    sent = json.dumps({**line, "day": "2026-11-24", "healthy": True}).encode()
    headers = {"host": "beta.localhost", "authorization": f"Bearer {key}"}
    answer = Client().post("/api/v1/entries", sent, content_type="application/x-ndjson", headers=headers)
    assert answer.status_code == 200
    assert Entry.objects.filter(entry_id="leak-1").exists()


def test_neither_persons_nor_what_opens_anything_are_in_logs_tasks_caches_and_addresses(
    desk: Desk,
    picture: bytes,
    addresses: list[str],
    enqueued: list[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pocket = Pocket()
    monkeypatch.setattr(tasks, "gateway", lambda: pocket)
    with caplog.at_level(logging.DEBUG):
        zhang, code = sign_in(BERT, desk, pocket)
        assert PHONE in pocket.received[0]
        answer_all(zhang)
        zhang.post("/declare/check/")
        choose(zhang, desk, "not_there")
        upload(zhang, picture)
        zhang.post("/appeal/words/", {"text": "我那天在家"})
        zhang.post("/appeal/check/")
        zhang.post("/family/ask/", {"id_type": "10", "id_number": ANNA, "relation": "child"})
        zhang.post("/family/ask/proof/", {"act": "add", "file": SimpleUploadedFile("a.jpg", picture, "image/jpeg")})
        zhang.post("/family/ask/proof/", {"act": "send"})
        shown, _said = issue_pass(desk.citizen("zhang"), now=desk.now)
        deliver_entry(key := issued_key(desk))
        official = Visitor.as_account("li", now=desk.now)
        found = look(official, BERT)
        official.post("/staff/paper-codes/print/", {"document": document_in(found)})
        official.post("/staff/phones/", {"id_type": "10", "id_number": ANNA})
        official.post(f"/staff/cases/{desk.case('zhang').number}/reveal/", {"purpose": "称呼"})
        hire("shen", Role.AUDITOR, now=desk.now)
        auditor = Visitor.as_account("shen", now=desk.now)
        asked = {"file_format": "csv", "provider": "wechat", "state": "", "first": ""}
        assert auditor.post("/staff/reports/codes/", asked).status_code == 302
        ready_account("door", Role.APPROVER, now=desk.now)
        door = Visitor(Client(headers={"host": "beta.localhost"}))
        door.post("/staff/sign-in/", {"login": "door", "password": PASSWORD})
    kept = {
        "logs": [record.getMessage() for record in caplog.records],
        "lines": [JsonFormatter().format(record) for record in caplog.records],
        "tasks": enqueued,
        "cache": [f"{bytes(row.key_hash)!r} {row.value}" for row in CacheEntry.objects.all()],
        "fragments": [str(one) for one in getattr(caches["template_fragments"], "_cache")],  # noqa: B009 - not of its interface
        "addresses": addresses,
    }
    assert all(kept[what] for what in ("logs", "tasks", "cache", "addresses")), "there is something to search"
    secret = [BERT, ANNA, PHONE, "zhang小三", "chen小三", PASSWORD, shown, key, code]
    leaks = [
        (what, one)
        for what, lines in kept.items()
        for one in secret
        if re.search(rf"(?<!\d){re.escape(one)}(?!\d)", "\n".join(lines))
    ]
    assert leaks == []
    assert not any("127.0.0.1" in line for line in kept["cache"]), "whoever tries to sign in stands in the keys"
