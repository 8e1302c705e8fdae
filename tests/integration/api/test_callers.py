"""Authentication of API calls: keys with scopes and an expiry, signed calls, and which calls may be repeated."""

import hashlib
import hmac
import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from codes.intake.provider_keys import LIFETIME, MOST_IN_FORCE, issue_key, signing_secret
from codes.models import Entry, IdempotentAnswer, ProviderKey, Scope, UsedNonce
from portal.api.service import Service as BaseService
from portal.api.urls import urlpatterns as api_urls
from regions.models import City
from tests.integration.api.conftest import ENTRIES, Machine, Service
from tests.integration.lines import check_in, declaration


def told(response: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response.content)
    return body


def test_a_refusal_is_a_problem_in_two_languages(alipay: Machine) -> None:
    refused = alipay.post_body(b"{}", content_type="application/json")
    assert refused.headers["Content-Type"] == "application/problem+json"
    body = told(refused)
    assert (body["status"], body["type"]) == (415, "urn:health-code:problem:bad_content_type")
    assert body["message"]["en"] == body["detail"]
    assert "application/x-ndjson" in body["message"]["zh-hans"]
    for address in ("", "nothing", "entries/", "exports//file", "exports/%00", "%00"):
        nowhere = alipay.client.get(f"/api/v1/{address}", headers={"host": alipay.host})
        assert (nowhere.status_code, told(nowhere)["code"]) == (404, "no_such_address"), address


def test_a_key_opens_its_scopes_and_no_other(alpha: City, clock: datetime) -> None:
    _, key = issue_key(provider="alipay", by="operator:lin", now=clock, scopes=[Scope.STATUS])
    refused = Machine(key).post(check_in())
    assert (refused.status_code, told(refused)["code"]) == (403, "scope_missing")
    assert "entries" in told(refused)["detail"]
    assert not Entry.objects.exists()


def test_every_address_asks_for_the_scope_of_its_name(
    alpha: City, clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codes.intake.provider_keys.MOST_IN_FORCE", 2 * len(Scope))
    with_all_but = {scope: Service("alipay", clock, scopes=set(Scope) - {scope}) for scope in Scope}
    with_only = {scope: Service("alipay", clock, scopes=[scope]) for scope in Scope}
    asked = set()
    for pattern in api_urls:
        view = getattr(pattern.callback, "cls", None)
        if not issubclass(view or object, BaseService):
            continue
        address = re.sub("<[^>]+>", "1", str(pattern.pattern))
        scope = Scope(address.split("/")[0])
        for method in {"get", "post"} & set(vars(view)):
            status, body = call(with_all_but[scope], method, address)
            assert (status, body["code"]) == (403, "scope_missing"), address
            assert scope.value in body["detail"]
            status, body = call(with_only[scope], method, address)
            assert status not in (401, 403), address
            asked.add(scope)
    assert asked == set(Scope)


def call(machine: Service, method: str, address: str) -> tuple[int, Any]:
    return machine.get(address) if method == "get" else machine.post(address, {})


def test_a_key_ends(alipay: Machine, clock: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock + LIFETIME)
    assert alipay.post(check_in()).content == Machine("never issued").post(check_in()).content
    for _ in range(MOST_IN_FORCE):  # what has ended does not count as in force
        issue_key(provider="alipay", by="operator:lin", now=clock + LIFETIME)


class Signer:
    """Signs as `docs/api.md` says, written from it."""

    def __init__(self, key: ProviderKey, at: datetime) -> None:
        self.key, self.at, self.secret = key, at, signing_secret(key)

    def headers(self, body: bytes, nonce: str = "n-1", **changes: str) -> dict[str, str]:
        fields = {
            "app_id": str(self.key.pk),
            "body_sha256": hashlib.sha256(body).hexdigest(),
            "method": "POST",
            "nonce": nonce,
            "path": ENTRIES,
            "timestamp": str(int(self.at.timestamp())),
        } | changes
        text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if fields[name])
        mark = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest().upper()
        sent = {"X-App-Id": fields["app_id"], "X-Nonce": fields["nonce"], "X-Timestamp": fields["timestamp"]}
        return {**sent, "X-Sign": mark, "host": "alpha.localhost"}

    def post(self, body: bytes, sent: bytes | None = None, **fields: str) -> Any:
        headers = self.headers(body, **fields)
        data = body if sent is None else sent
        return Client().post(ENTRIES, data, content_type="application/x-ndjson", headers=headers)


@pytest.fixture
def signer(alpha: City, clock: datetime) -> Signer:
    key, _ = issue_key(provider="alipay", by="operator:lin", now=clock)
    return Signer(key, clock)


def test_a_signed_call_is_taken_once(signer: Signer) -> None:
    body = json.dumps(check_in()).encode()
    assert told(signer.post(body))["accepted"] == 1
    assert told(signer.post(body))["code"] == "nonce_used"
    assert told(signer.post(body, nonce="n-2"))["duplicate"] == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"method": "GET"}, "not_this_key"),
        ({"path": "/api/v1/other"}, "not_this_key"),
        ({"app_id": "9" * 40}, "not_this_key"),
        ({"timestamp": "٣"}, "clock_differs"),
        ({"timestamp": "99999999999999999999"}, "clock_differs"),
        ({"timestamp": "1"}, "clock_differs"),
        ({"nonce": ""}, "nonce_used"),
        ({"nonce": "x" * 200}, "nonce_used"),
    ],
)
def test_what_is_signed_otherwise_is_refused(signer: Signer, changes: dict[str, str], code: str) -> None:
    if "٣" in changes.get("timestamp", ""):
        changes = {"timestamp": changes["timestamp"].encode().decode("latin-1")}
    refused = signer.post(json.dumps(check_in()).encode(), None, **changes)
    assert (refused.status_code, told(refused)["code"]) == (401, code)
    assert not Entry.objects.exists()
    assert not UsedNonce.objects.exists()


def test_another_body_than_the_signed_one_is_refused(signer: Signer, clock: datetime) -> None:
    signed, sent = json.dumps(check_in()).encode(), json.dumps(check_in(healthy=False)).encode()
    assert told(signer.post(signed, sent=sent))["code"] == "not_this_key"
    revoked = ProviderKey.objects.filter(pk=signer.key.pk)
    revoked.update(revoked_at=clock, revoked_by="lin")
    assert told(signer.post(signed))["code"] == "not_this_key"


def test_nonces_go_when_their_calls_are_too_old(
    signer: Signer, clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer.post(b"\n")
    later = clock + timedelta(hours=1)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    Signer(signer.key, later).post(b"\n", nonce="n-2")
    assert list(UsedNonce.objects.values_list("nonce", flat=True)) == ["n-2"]


def test_a_call_with_its_key_is_done_once(alipay: Machine, clock: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = alipay.post(declaration(), **key)
    again = alipay.post(declaration(), **key)
    assert told(again) == told(first)
    assert told(again)["accepted"] == 1
    assert again.headers["Idempotent-Replay"] == "true"
    assert told(alipay.post(declaration()))["duplicate"] == 1
    other = alipay.post(check_in(), **key)
    assert (other.status_code, told(other)["code"]) == (422, "idempotency_key_reused")
    assert "k-1" not in str(IdempotentAnswer.objects.values_list()[0])
    assert b"d-1" not in bytes(IdempotentAnswer.objects.get().answer_encrypted or b"")
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock + timedelta(hours=24, seconds=1))
    assert told(alipay.post(check_in(), **key))["accepted"] == 1


def test_a_call_locks_no_row_of_other_keys(alipay: Machine, clock: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that remove old rows wait for one another; old rows are left to the sweep."""
    alipay.post(declaration(), **{"Idempotency-Key": "k-1"})
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock + timedelta(hours=24, seconds=1))
    alipay.post(check_in(), **{"Idempotency-Key": "k-2"})
    assert IdempotentAnswer.objects.count() == 2
    assert told(alipay.post(declaration(), **{"Idempotency-Key": "k-1"}))["duplicate"] == 1
    assert IdempotentAnswer.objects.count() == 2


def test_an_idempotency_key_is_its_callers_own_and_plain(alipay: Machine, clock: datetime) -> None:
    _, other = issue_key(provider="alipay", by="operator:lin", now=clock)
    alipay.post(declaration(), **{"Idempotency-Key": "k-1"})
    assert told(Machine(other).post(declaration(), **{"Idempotency-Key": "k-1"}))["duplicate"] == 1
    for bad in ("", "x" * 256, "\x7f"):
        assert told(alipay.post(check_in(), **{"Idempotency-Key": bad}))["code"] == "bad_idempotency_key"


def test_what_was_refused_is_tried_anew(alipay: Machine) -> None:
    headers = {"Idempotency-Key": "k-1"}
    assert alipay.post_body(b"{}", content_type="text/plain", **headers).status_code == 415
    assert not IdempotentAnswer.objects.exists()
    assert told(alipay.post(check_in(), **headers))["accepted"] == 1
