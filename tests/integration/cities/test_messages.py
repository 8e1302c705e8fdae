"""Whatever another city signs and sends, the answer is one of the agreed ones and never a server error."""

import json
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings as settings_of_portal
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from codes.cities import signing
from codes.cities.look_ups import PATH
from portal.api.cities import MOST_BYTES
from regions.models import City
from regions.tenancy import in_city
from tests.integration.cities.wire import Sent, Wire, deliver
from tests.integration.lines import ANNA

TEXT = st.text(min_size=1, max_size=12)
UUIDS = st.uuids().map(str)
SOUND: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    PATH: {"pass": TEXT.map("HCP1:".__add__), "id_type": st.just("10"), "id_number": st.just(ANNA)},
    "/api/v1/cities/corrections": {
        "reference": UUIDS,
        "id_type": st.just("10"),
        "id_number": st.just(ANNA),
        "record_id": TEXT,
        "colour": st.sampled_from(["red", "yellow"]),
        "text": TEXT,
        "evidence": st.just([]) | st.just([{"record": "a", "from": "2026-11-20"}]),
    },
    "/api/v1/cities/correction-answers": {
        "reference": UUIDS,
        "answer": st.sampled_from(["corrected", "upheld", "ruled", "not_ours"]),
        "text": TEXT,
        "colour": st.sampled_from(["", "green"]),
    },
    "/api/v1/cities/correction-files": {"reference": UUIDS, "sha256": st.just("0" * 64)},
}
ANYTHING: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.integers(), st.text(max_size=8), st.just("\x00"), st.just("\ud800"), st.just([{}])
)
MESSAGES_OF_AN_ADDRESS = 25
ANSWERS = {200, 400, 404, 409, 422}


def test_every_call_and_field_is_written_down() -> None:
    written = (settings_of_portal.BASE_DIR / "docs" / "between-cities.md").read_text(encoding="utf-8")
    for path, fields in SOUND.items():
        said = written.partition(f"## `{path}`\n")[2].partition("\n## ")[0]
        assert {name for name in fields if f"`{name}`" not in said} == set(), path
    assert [name for name in signing.HEADERS if f"| `{name}` |" not in written] == []


@pytest.mark.parametrize("path", SOUND)
def test_every_signed_message_has_an_agreed_answer(
    path: str, wire: Wire, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "MOST_CALLS", 10**6)
    spoilt = st.fixed_dictionaries({}, optional=dict.fromkeys(SOUND[path], ANYTHING))
    answered = set()

    @settings(max_examples=MESSAGES_OF_AN_ADDRESS, suppress_health_check=list(HealthCheck))
    # What is drawn need not hold one of these.
    @example(sound={}, wrong={key: [{}] for key in SOUND[path]})
    @given(sound=st.fixed_dictionaries(SOUND[path]), wrong=st.just({}) | spoilt)
    def answers(sound: dict[str, Any], wrong: dict[str, Any]) -> None:
        body = json.dumps({**sound, **wrong}).encode()
        with in_city("alpha"):
            headers = signing.signed_headers("POST", path, body, to="330100", now=now)
        answer = deliver(Sent("POST", f"http://beta.localhost:8000{path}", headers, body))
        assert answer.status in ANSWERS, body
        answered.add(answer.status)

    answers()
    assert 400 in answered
    assert len(answered) > 1, "none was understood"


@pytest.mark.parametrize(
    ("length", "status", "code"),
    [("", 411, "no_length"), (str(MOST_BYTES + 1), 413, "too_large")],
)
def test_a_body_is_refused_as_everywhere(beta: City, length: str, status: int, code: str) -> None:
    program = Client(headers={"host": "beta.localhost"})
    answer = program.post(PATH, b"{}", content_type="application/json", CONTENT_LENGTH=length)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
