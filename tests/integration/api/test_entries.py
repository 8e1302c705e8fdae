"""`POST /api/v1/entries`: lines are imported as by the command, for the provider of the key and into the city of the host."""

import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.http import HttpResponse

from codes.intake.citizens import INTAKE
from codes.intake.provider_keys import CALLS_PER_WINDOW, issue_key, revoke_keys
from codes.models import Citizen, Entry, ProviderKey
from portal.api import bodies, service
from regions.journal.models import JournalEntry
from regions.locks import KEY
from regions.models import City
from regions.tenancy import in_city
from tests.integration.api.conftest import Machine
from tests.integration.lines import BERT, check_in, declaration
from tests.own_database import raw_owner


def told(response: HttpResponse) -> dict[str, Any]:
    requests: dict[str, Any] = json.loads(response.content)
    return requests


def test_each_line_is_told_by_its_number(alipay: Machine) -> None:
    first = alipay.post(declaration())
    assert told(first) == {
        "accepted": 1,
        "duplicate": 0,
        "refused": 0,
        "lines": [{"line": 1, "result": "accepted", "entry_id": "d-1"}],
    }
    again = alipay.post(declaration(), b"", check_in(day="2026-02-30"), check_in(provider="wechat"), b"{", check_in())
    assert again.status_code == 200
    assert {name: told(again)[name] for name in ("accepted", "duplicate", "refused")} == {
        "accepted": 1,
        "duplicate": 1,
        "refused": 3,
    }
    assert [(one["line"], one["result"], one.get("reason")) for one in told(again)["lines"]] == [
        (1, "duplicate", None),
        (3, "refused", "bad_date"),
        (4, "refused", "other_provider"),
        (5, "refused", "bad_json"),
        (6, "accepted", None),
    ]
    assert told(again)["lines"][1]["field"] == "day"
    assert [one.get("entry_id") for one in told(again)["lines"]] == ["d-1", None, "c-1", None, "c-1"]
    assert told(again)["lines"][1]["message"]["zh-hans"].startswith("字段 day")
    assert Entry.objects.count() == 2


def test_the_journal_names_the_provider(alipay: Machine) -> None:
    alipay.post(declaration())
    taken = JournalEntry.objects.get(verb="entries.taken")
    assert taken.by == "provider:alipay"


def test_a_body_without_lines_is_no_error(alipay: Machine) -> None:
    response = alipay.post_body(b"\n\r\n")
    assert (response.status_code, told(response)["lines"]) == (200, [])


def test_the_command_tells_the_same(alipay: Machine, tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [declaration(), check_in(id_number="123")]
    with transaction.atomic():
        answered = told(alipay.post(*lines))
        transaction.set_rollback(True)
    file = tmp_path / "lines.jsonl"
    file.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    with pytest.raises(CommandError, match="1 line was refused"):
        call_command("import_entries", "--city", "alpha", "--json", str(file))
    *printed, counts = map(json.loads, capsys.readouterr().out.splitlines())
    assert printed == answered["lines"]
    assert counts == {"accepted": 1, "duplicate": 0, "refused": 1}


def test_unknown_revoked_and_missing_keys_are_told_the_same(alipay: Machine, clock: datetime) -> None:
    revoke_keys(provider="alipay", by="operator:lin", now=clock)
    answers = [
        alipay.post(check_in()),
        Machine("never issued").post(check_in()),
        Machine("").post(check_in()),
        alipay.post(check_in(), authorization=f"Basic {alipay.key}"),
        alipay.post(check_in(), authorization="Bearer ключ".encode().decode("latin-1")),
    ]
    assert {one.status_code for one in answers} == {401}
    assert len({one.content for one in answers}) == 1
    numbers = {one.headers.pop("X-Request-ID") for one in answers}
    assert len(numbers) == len(answers)
    assert len({json.dumps(dict(one.headers), sort_keys=True) for one in answers}) == 1
    assert answers[0].headers["WWW-Authenticate"].startswith("Bearer")
    assert not Citizen.objects.exists()


def test_a_key_opens_one_city(alipay: Machine) -> None:
    assert Machine(alipay.key, host="beta.localhost").post(check_in()).status_code == 401
    assert Machine(alipay.key, host="nowhere.localhost").post(check_in()).status_code == 404


def test_no_provider_speaks_for_another(alipay: Machine, clock: datetime) -> None:
    _, key = issue_key(provider="wechat", by="operator:lin", now=clock)
    assert told(Machine(key).post(check_in()))["lines"][0]["reason"] == "other_provider"


def test_a_key_that_calls_too_often_waits(alipay: Machine, monkeypatch: pytest.MonkeyPatch, clock: datetime) -> None:
    ProviderKey.objects.update(window_began=clock - timedelta(seconds=40), window_calls=CALLS_PER_WINDOW - 1)
    assert alipay.post(check_in()).status_code == 200
    refused = alipay.post(check_in())
    assert (refused.status_code, told(refused)["code"]) == (429, "too_often")
    assert refused.headers["Retry-After"] == "20"
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock + timedelta(seconds=20))
    assert alipay.post(check_in()).status_code == 200
    assert ProviderKey.objects.get().window_calls == 1


def test_nothing_is_taken_of_too_many_lines_or_bytes(alipay: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST_LINES", 2)
    lines = [check_in(entry_id=f"c-{n}") for n in range(3)]
    refused = alipay.post(*lines)
    assert (refused.status_code, told(refused)["code"]) == (413, "too_many_lines")
    monkeypatch.setattr(bodies, "MOST_BYTES", 100)
    refused = alipay.post(lines[0])
    assert (refused.status_code, told(refused)["code"]) == (413, "too_large")
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("content_type", "encoding", "status"),
    [
        ("application/x-ndjson; charset=utf-8", "identity", 200),
        ("application/jsonl", "identity", 200),
        ("application/json", "identity", 415),
        ("application/x-www-form-urlencoded", "identity", 415),
        ("multipart/form-data; boundary=x", "identity", 415),
        ("application/x-ndjson; charset=gb18030", "identity", 415),
        ("application/x-ndjson", "gzip", 415),
        ("", "identity", 415),
    ],
)
def test_the_body_is_lines_of_json_and_nothing_else(
    alipay: Machine, content_type: str, encoding: str, status: int
) -> None:
    sent = json.dumps(check_in()).encode()
    response = alipay.post_body(sent, content_type=content_type, **{"content-encoding": encoding})
    assert response.status_code == status


@pytest.mark.parametrize(("length", "status"), [("", 411), ("-1", 411), ("many", 411), ("4", 200)])
def test_a_body_says_how_long_it_is(alipay: Machine, length: str, status: int) -> None:
    assert alipay.post(check_in(), **{"content-length": length}).status_code == status


def test_nothing_is_taken_of_a_body_that_is_cut_short(alipay: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.test.client.FakePayload", io.BytesIO)
    response = alipay.post(check_in(), **{"content-length": "9999"})
    assert (response.status_code, told(response)["code"]) == (400, "incomplete")
    assert not Entry.objects.exists()


def test_other_methods_are_not_known(alipay: Machine) -> None:
    headers = {"host": alipay.host, "authorization": f"Bearer {alipay.key}"}
    for method in ("get", "put", "delete", "options"):
        response = getattr(alipay.client, method)("/api/v1/entries", headers=headers)
        assert (response.status_code, told(response)["code"]) == (405, "method_not_allowed")


@pytest.mark.django_db(transaction=True)
def test_whoever_waits_too_long_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    monkeypatch.setattr(service, "LOCK_TIMEOUT_SECONDS", 1)
    with in_city("alpha"):
        _, key = issue_key(provider="alipay", by="operator:lin", now=now)
    with raw_owner() as other, other.cursor() as cursor:
        cursor.execute(f"SET search_path = alpha; BEGIN; SELECT pg_advisory_xact_lock({KEY})", [INTAKE])
        response = Machine(key).post(check_in())
        cursor.execute("ROLLBACK")
    assert (response.status_code, told(response)["code"]) == (503, "busy")
    assert response.headers["Retry-After"] == "1"
    assert Machine(key).post(check_in()).status_code == 200


def test_each_city_has_its_own_description(alpha: City) -> None:
    response: Any = Machine("").client.get("/api/v1/schema", headers={"host": "alpha.localhost"})
    described = json.loads(response.content)
    assert "/api/v1/entries" in described["paths"]
    line = described["components"]["schemas"]["CheckInLine"]
    assert set(line["required"]) == {"type", "provider", "entry_id", "id_type", "id_number", "day", "healthy"}
    assert line["properties"]["day"]["format"] == "date"
    assert BERT not in json.dumps(described)
