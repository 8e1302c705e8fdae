"""A gate's machine and a provider verify a pass by the API. A gate's key permits nothing else."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from codes.gates.devices import SCANS_PER_WINDOW, revoke_device
from codes.intake.provider_keys import issue_key
from codes.models import GateDevice, GateScan, Scope
from codes.passes.issuing import issue_pass
from codes.passes.results import CheckResult
from portal.api.urls import urlpatterns
from regions.tenancy import in_city
from tests.integration.cities.conftest import there, wire
from tests.integration.cities.test_recognition import pass_of
from tests.integration.cities.wire import Wire
from tests.integration.gates.people import FIRST, key_of_machine
from tests.integration.review.desk import Desk

PATH = "/api/v1/verifications"
__all__ = ["there", "wire"]


def post(key: str, text: object, *, host: str, path: str = PATH, **more: str) -> Any:
    headers = {"host": host, "authorization": f"Bearer {key}"}
    return Client().post(path, json.dumps({"pass": text, **more}), content_type="application/json", headers=headers)


def told(response: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response.content)
    return body


@pytest.fixture
def machine(there: Desk, now: datetime) -> tuple[GateDevice, str]:
    """beta's."""
    with in_city("beta"):
        return key_of_machine(now=now)


def test_a_machine_and_a_provider_are_told_the_colour_of_now(
    there: Desk, machine: tuple[GateDevice, str], now: datetime
) -> None:
    with in_city("beta"):
        zhang = there.citizen("zhang")
        token, said = issue_pass(zhang, now=now)
        _, provider = issue_key(provider="alipay", by="operator:lin", now=now, scopes=[Scope.VERIFICATIONS])
        _, other = issue_key(provider="alipay", by="operator:lin", now=now, scopes=[Scope.STATUS])
    found = told(post(machine[1], f" {token.lower()}", host="beta.localhost"))
    assert (found["result"], found["number"], found["colour"], found["city"]) == ("ok", 0, "red", None)
    assert found["sentence"]["en"] == "The pass is genuine and valid."
    assert found["next_step"].keys() == {"zh-hans", "en"}
    assert found["next_step"]["zh-hans"] != found["next_step"]["en"]
    for hidden in (zhang.ref, said.pseudonym, zhang.full_name or "zhang"):
        assert hidden not in json.dumps(found)
    assert told(post(provider, token, host="beta.localhost", gate="A-1"))["result"] == "replayed"
    noise = told(post(provider, "hello", host="beta.localhost", gate="A-1"))
    assert (noise["result"], noise["colour"]) == ("not_a_pass", None)
    assert told(post(other, token, host="beta.localhost"))["code"] == "scope_missing"
    with in_city("beta"):
        assert list(GateScan.objects.order_by("pk").values_list("by", flat=True)) == [
            machine[0].subject,
            *["provider:alipay/A-1"] * 2,
        ]


def test_two_gates_under_one_key_are_two_places(there: Desk, machine: tuple[GateDevice, str], now: datetime) -> None:
    with in_city("beta"):
        token, _ = issue_pass(there.citizen("zhang"), now=now)
        _, key = issue_key(provider="alipay", by="operator:lin", now=now, scopes=[Scope.VERIFICATIONS])
    results = [told(post(key, token, host="beta.localhost", gate=gate))["result"] for gate in ("A-1", "A-1", "A-2")]
    assert results == ["ok", "ok", "replayed"]
    for gate in ({}, {"gate": ""}, {"gate": "门"}, {"gate": "a" * 65}, {"gate": "Zhang San"}):
        answer = post(key, token, host="beta.localhost", **gate)
        assert (answer.status_code, [one["field"] for one in told(answer)["errors"]]) == (422, ["gate"])
    # What a machine calls itself does not make it another place.
    another = pass_of(there, "zhang", at=now)
    assert {told(post(machine[1], another, host="beta.localhost", gate=gate))["result"] for gate in "12"} == {
        "replayed"
    }


def test_another_citys_pass_is_told_with_its_city(there: Desk, wire: Wire, now: datetime) -> None:
    token = pass_of(there, "zhang", at=now)
    with in_city("alpha"):
        _, key = key_of_machine(now=now)
    found = told(post(key, token, host="alpha.localhost"))
    assert (found["result"], found["colour"]) == ("other_city", "red")
    assert found["city"] == {"division": "330100", "name": {"zh-hans": "乙市", "en": "Beta"}}
    assert "乙市" in found["sentence"]["zh-hans"]


OPEN_TO_ANYBODY = {"api_schema", "api_reference", "api_no_such_address"}


def test_a_gates_key_sees_nothing_else_of_the_api(machine: tuple[GateDevice, str]) -> None:
    names = {one.name for one in urlpatterns} - {"api_verifications", *OPEN_TO_ANYBODY}
    resolver = get_resolver("portal.urls_city")
    for name in sorted(filter(None, names)):
        known: Any = resolver.reverse_dict[name]
        _, parameters = known[0][0]
        address = "/" + resolver.reverse(name, **dict.fromkeys(parameters, 1))
        headers = {"host": "beta.localhost", "authorization": f"Bearer {machine[1]}"}
        for method in ("GET", "POST"):
            response = Client().generic(method, address, b"{}", content_type="application/json", headers=headers)
            # Between cities no key counts, but a signature.
            assert response.status_code in ((401, 405) if name.startswith("api_city") else (403,)), (name, method)


def test_a_key_counts_in_its_city_until_it_is_revoked(machine: tuple[GateDevice, str], now: datetime) -> None:
    device, key = machine
    assert post(key, "x", host="alpha.localhost").status_code == 401
    assert post(key, None, host="beta.localhost").headers["Content-Type"] == "application/problem+json"
    assert [one["field"] for one in told(post(key, 7, host="beta.localhost"))["errors"]] == ["pass"]
    assert post(key, "x", host="beta.localhost").status_code == 200
    with in_city("beta"):
        revoke_device(device.pk, by=FIRST, now=now)
    assert told(post(key, "x", host="beta.localhost"))["code"] == "not_this_key"


def test_a_machine_that_scans_too_often_waits(
    machine: tuple[GateDevice, str], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All but two of a minute's.
    scan = {"by": machine[0].subject, "at": now + timedelta(seconds=30), "result": CheckResult.OK}
    with in_city("beta"):
        GateScan.objects.bulk_create(GateScan(**scan) for _ in range(SCANS_PER_WINDOW - 2))
    for late, status in ((0, 200), (5, 200), (10, 429), (59, 429), (60, 200), (61, 429)):
        at = now + timedelta(seconds=late)
        monkeypatch.setattr("django.utils.timezone.now", lambda at=at: at)
        response = post(machine[1], "x", host="beta.localhost")
        assert response.status_code == status, late
        assert response.headers.get("Retry-After") == {10: "50", 59: "1", 61: "4"}.get(late)
