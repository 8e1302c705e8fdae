"""The gate's page works without a script, gives its script the same answers, and shows results to enrolled devices only."""

import base64
import json
import re
from datetime import datetime, timedelta, timezone
from random import Random

import pytest
from django.test import Client

from codes.gates.check import check_pass
from codes.models import GateScan
from codes.passes.issuing import issue_pass
from codes.passes.key_list import pass_keys, read_list
from codes.passes.results import CheckResult, Detail
from portal.gate.views import words
from tests.integration.conftest import OpenDesk
from tests.integration.gates.people import browser, enrolled, machine_key
from tests.integration.pages.asking import at_most
from tests.integration.review.desk import Desk
from tests.unit.passes.test_token import KEYS
from tests.unit.passes.test_vectors import LATER, MADE

HOST = {"host": "beta.localhost"}


@pytest.fixture
def desk(opened_at_beta: OpenDesk, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    return opened_at_beta({"zhang": "spacetime_overlap"}, now=now)


def test_a_pass_is_checked_by_form_and_by_script(desk: Desk) -> None:
    device, gate = enrolled(now=desk.now)
    zhang = desk.citizen("zhang")
    token, said = issue_pass(zhang, now=desk.now)
    assert 'data-state="none"' in gate.read("/gate/")
    page = gate.post("/gate/", {"text": f"  {token.lower()}\r\n"}).content.decode()
    assert 'data-result="ok" data-state="red"' in page
    assert "Act by the colour shown." in page
    told = json.loads(gate.post("/gate/check/", {"text": token}).content)
    assert (told["result"], told["number"], told["colour"]) == ("ok", 0, "red")
    assert set(told) == {
        *("result", "number", "detail", "colour", "colour_label", "city", "at", "sentence", "next_step"),
    }
    assert told["city"] == ""
    for hidden in (zhang.ref, zhang.full_name or "zhang", said.pseudonym):
        assert hidden not in page + json.dumps(told)
    assert "expired" in json.loads(_late(gate.client, token, desk))["result"]
    assert device.place in page


def test_a_check_takes_four_statements(desk: Desk) -> None:
    """City, device with the keys, code and scan: of a machine, which is counted, no more."""
    _, gate = enrolled(now=desk.now)
    _, key = machine_key(now=desk.now)
    token, _ = issue_pass(desk.citizen("zhang"), now=desk.now)
    with at_most(4):
        assert json.loads(gate.post("/gate/check/", {"text": token}).content)["result"] == "ok"
    machine = Client(headers={"host": "beta.localhost", "authorization": f"Bearer {key}"})
    with at_most(4):
        answer = machine.post("/api/v1/verifications", json.dumps({"pass": token}), content_type="application/json")
    assert answer.json()["result"] == "replayed"


def _late(client: Client, token: str, desk: Desk) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.utils.timezone.now", lambda: desk.now + timedelta(seconds=66))
        content: bytes = client.post("/gate/check/", {"text": token}).content
    return content


def test_no_altered_pass_gets_a_colour_or_an_error(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some of each kind of the ten thousand that ``test_vectors`` verifies, on their whole way through a gate."""
    _, gate = enrolled(now=desk.now)
    monkeypatch.setattr("codes.gates.devices.keys_of", lambda *_asked: list(KEYS.values()))
    dice = Random(45)
    for kind, (make, _count, results) in MADE.items():
        for _ in range(12):
            at = desk.now + timedelta(seconds=LATER.get(kind, 0) * dice.randrange(66, 10**6))
            monkeypatch.setattr("django.utils.timezone.now", lambda at=at: at)
            answer = gate.post("/gate/check/", {"text": make(dice)})
            told = json.loads(answer.content)
            # What only a scanner can have spoilt is forgiven: then it is the genuine pass, and of nobody.
            assert (answer.status_code, told["colour"]) == (200, ""), kind
            assert told["result"] in results | {"unknown"}, kind


def test_strangers_get_neither_results_nor_keys_and_no_form_of_others_counts(desk: Desk) -> None:
    token, _ = issue_pass(desk.citizen("zhang"), now=desk.now)
    stranger = browser()
    for path in ("/gate/", "/gate/check/"):
        assert stranger.post(path, {"text": token}).status_code == 401
    assert stranger.get("/gate/neighbours.json").status_code == 401
    assert stranger.post("/gate/scans/", {"scans": "[]"}).status_code == 401
    _device, gate = enrolled(now=desk.now)
    elsewhere = Client(enforce_csrf_checks=True, headers=HOST)
    elsewhere.cookies = gate.client.cookies
    assert elsewhere.post("/gate/check/", {"text": token}).status_code == 403
    assert json.loads(gate.read("/gate/neighbours.json")) == {"lists": []}


def test_the_page_pins_who_signs_the_one_list(desk: Desk) -> None:
    _device, gate = enrolled(now=desk.now)
    page = gate.read("/gate/")
    (address,), (signer,) = (re.findall(f'data-{name}="([^"]+)"', page) for name in ("keys", "signed-by"))
    listed = read_list(gate.read(address), pinned=base64.b64decode(signer))
    assert (address, len(pass_keys([listed]))) == ("/.well-known/health-code-keys.json", 1)


def test_what_was_scanned_off_line_is_sent_and_flagged(desk: Desk) -> None:
    _device, gate = enrolled(now=desk.now)
    token, _ = issue_pass(desk.citizen("zhang"), now=desk.now)
    check_pass(token, by="gate:elsewhere", now=desk.now)
    at = (desk.now + timedelta(seconds=4)).isoformat()
    for _ in range(2):
        told = gate.post("/gate/scans/", {"scans": json.dumps([{"pass": token, "at": at}])})
        assert json.loads(told.content) == {"replayed": [at]}, "sent again it is answered as before"
    assert list(GateScan.objects.order_by("pk").values_list("result", flat=True)) == ["ok", "replayed"]
    other = (desk.now + timedelta(seconds=4)).astimezone(timezone(timedelta(hours=23, minutes=59))).isoformat()
    told = gate.post("/gate/scans/", {"scans": json.dumps([{"pass": token, "at": other}])})
    assert json.loads(told.content) == {"replayed": [at]}, "the same instant with an offset that PostgreSQL refuses"
    far = "9999-12-31T23:59:59-14:00"
    for spoilt in (
        f'[{{"pass": "x", "at": "{far}"}}]',
        "",
        "{}",
        '[{"pass": "x", "at": "soon"}]',
        json.dumps([{"pass": token, "at": at}] * 201),
    ):
        assert gate.post("/gate/scans/", {"scans": spoilt}).status_code == 400


def test_what_is_installed_can_be_read_by_anybody_and_says_nothing(desk: Desk) -> None:
    stranger = browser()
    worker = stranger.get("/gate/worker.js")
    assert worker.headers["Content-Type"] == "text/javascript"
    told = json.loads(stranger.read("/gate/manifest.json"))
    assert (told["start_url"], told["scope"]) == ("/gate/", "/gate/")
    assert "manifest-src 'self'" in worker.headers["Content-Security-Policy"]


def test_the_script_has_words_for_every_result() -> None:
    said = words()
    for result in CheckResult:
        assert said["sentences"][result]
        assert said["next_steps"][result]
        assert said["numbers"][result] == str(result.number)
    assert {*Detail} <= said["sentences"].keys()
