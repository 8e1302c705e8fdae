"""The services about one person, and the lists: a provider gets data of its own people and nothing of others."""

import json
from datetime import datetime, timedelta

import pytest

from codes.models import Entry, PersonAccess
from codes.passes.issuing import published_keys
from portal.templatetags.citizen import accessed
from regions.journal.models import JournalEntry
from regions.models import City
from tests.integration.api.conftest import Service
from tests.integration.constraints.cast import Cast
from tests.integration.lines import ANNA, BERT, declaration, take

ANNAS = {"id_type": "10", "id_number": ANNA}
STAY = {"area": "420100", "from": "2026-11-01", "left_on": None}


@pytest.fixture
def alipays(alpha: City, clock: datetime) -> Service:
    """Alipay has Anna's declaration, WeChat another of Bert's."""
    take(declaration(area_stays=[STAY]), now=clock)
    take(declaration(provider="wechat", entry_id="w-1", id_number=BERT, full_name="伯特"), now=clock)
    return Service("alipay", clock)


def test_a_declaration_is_taken_once(alpha: City, clock: datetime) -> None:
    machine = Service("alipay", clock)
    assert machine.post("declarations", declaration())[0] == 201
    assert machine.post("declarations", declaration()) == (200, {"line": 1, "result": "duplicate", "entry_id": "d-1"})
    for body, code in (
        (declaration(entry_id="d-2", symptoms=["nothing"]), "unknown_symptom"),
        (declaration(entry_id="d-2", provider="wechat"), "other_provider"),
        ({"type": "check_in"}, "unknown_type"),
        ([], "bad_json"),
    ):
        status, told = machine.post("declarations", body)
        assert (status, told["code"], bool(told["message"]["zh-hans"])) == (422, code, True)
    assert Entry.objects.count() == 1


@pytest.mark.parametrize("body", [{"type": "check_in"}, {"type": "displayed"}, {}])
def test_the_service_of_declarations_does_not_ask_for_other_types(alpha: City, clock: datetime, body: object) -> None:
    _, told = Service("alipay", clock).post("declarations", body)
    assert (told["code"], told["errors"]) == ("unknown_type", [{"field": "type", "reason": "unknown_type"}])
    assert told["detail"] == "type must be declaration; `entries` takes the other types of lines."


def test_trips_are_told_as_they_were_declared(alipays: Service) -> None:
    _, told = alipays.post("trips", ANNAS)
    assert told["trips"] == [{"entry_id": "d-1", "submitted_at": "2026-11-20T00:00:00Z", **STAY}]
    seen = PersonAccess.objects.get()
    assert (seen.citizen.registrations.get().provider.code, seen.by, seen.what) == (
        "alipay",
        "provider:alipay",
        "trips",
    )


def test_status_is_told_of_ones_own_people_only(alipays: Service) -> None:
    status, told = alipays.post("status", ANNAS)
    assert (status, told["state"], told["effective"]) == (200, "unknown", "unknown")
    other, nobody = (
        alipays.post("status", {**ANNAS, "id_number": BERT}),
        alipays.post("status", {"id_type": "20", "id_number": "E1234567"}),
    )
    assert other == nobody
    assert (other[1]["state"], other[1]["effective"]) == ("not_applied", None)
    assert PersonAccess.objects.count() == 1


def test_a_code_is_made_for_who_was_called(alipays: Service, clock: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    status, call = alipays.post("calls", ANNAS)
    assert status == 201
    status, code = alipays.post("codes", {"reference": call["reference"]})
    assert (status, code["colour"]) == (201, "unknown")
    assert code["token"].startswith("HCP1:")
    assert published_keys()
    assert alipays.post("calls", {**ANNAS, "id_number": BERT})[1]["code"] == "not_registered"
    assert Service("wechat", clock).post("codes", {"reference": call["reference"]})[1]["code"] == "call_ended"
    for spoilt in (call["reference"][:-4] + "AAAA", "x", "ü", "A" * 300):
        assert alipays.post("codes", {"reference": spoilt})[1]["code"] == "call_ended"
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock + timedelta(minutes=5))
    assert alipays.post("codes", {"reference": call["reference"]})[1]["code"] == "call_ended"


def test_a_call_is_in_the_persons_access_history_once(alipays: Service) -> None:
    _, call = alipays.post("calls", ANNAS)
    for _again in range(3):
        assert alipays.post("codes", {"reference": call["reference"]})[0] == 201
    seen = PersonAccess.objects.get()
    assert (seen.by, seen.what, accessed(seen.what)) == (
        "provider:alipay",
        "call",
        "健康码（由已申领的渠道调用）",
    )
    entry = JournalEntry.objects.get(verb="person.seen")
    assert (entry.by, entry.subject, entry.data) == (
        seen.by,
        f"citizen:{seen.citizen.ref}",
        {"what": "call", "people": 1},
    )
    alipays.post("calls", {**ANNAS, "id_number": BERT})
    assert PersonAccess.objects.count() == 1


def test_bodies_of_another_form_name_every_field_and_no_value(alipays: Service) -> None:
    status, told = alipays.post("status", {"id_type": 10, "number": ANNA})
    assert (status, told["code"]) == (422, "bad_body")
    assert {one["field"] for one in told["errors"]} == {"id_type", "id_number", "number"}
    assert ANNA not in json.dumps(told)
    assert alipays.post("status", {**ANNAS, "id_number": "1"})[1]["code"] == "bad_id"
    assert alipays.post("status", float("nan"))[0] == 400


def test_a_list_goes_on_where_its_cursor_says(
    alipays: Service, clock: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = Cast()
    for number in range(3):
        citizen = cast.make("codes.Citizen")
        row = cast.make("codes.Disagreement", citizen=citizen, closed_run=None)
        cast.make("codes.Case", number=f"N-{number}", citizen=citizen, disagreement=row)
    _, first = alipays.get("cases?limit=2")
    _, second = alipays.get(f"cases?limit=2&cursor={first['next_cursor']}")
    assert [one["number"] for one in first["items"] + second["items"]] == ["N-2", "N-1", "N-0"]
    assert second["next_cursor"] is None
    cursor = alipays.get("disagreements?limit=1")[1]["next_cursor"]
    assert len(alipays.get(f"disagreements?cursor={cursor}")[1]["items"]) == 2
    for path in (
        f"cases?cursor={cursor}",
        f"disagreements?cursor={cursor}x",
        "disagreements?cursor=",
        f"disagreements?cursor=.{cursor}",
    ):
        assert alipays.get(path)[1]["code"] == "bad_cursor"
    other = Service("wechat", clock)
    assert other.get(f"disagreements?cursor={cursor}")[1]["code"] == "bad_cursor"
    for path in (
        "cases?limit=0",
        "cases?limit=1001",
        "cases?limit=x",
        "cases?state=none",
        "cases?nothing=1",
        "cases?limit=1&limit=1",
    ):
        assert (alipays.get(path)[0], alipays.get(path)[1]["code"]) == (400, "bad_query")


def test_a_list_is_of_the_provider_that_asks(alipays: Service, clock: datetime) -> None:
    cast = Cast()
    cast.make("codes.Disagreement", colours={"wechat": "green", "city": "red"}, closed_run=None)
    assert alipays.get("disagreements")[1] == {"items": [], "next_cursor": None}
    assert len(Service("wechat", clock).get("disagreements")[1]["items"]) == 1
