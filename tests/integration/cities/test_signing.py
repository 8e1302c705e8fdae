"""A signed call between cities is accepted only from the signing city, by the addressed city, once, and within a short time."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from codes.cities import signing
from codes.cities.look_ups import PATH
from codes.cities.neighbours import message_key, pass_keys_of_neighbours
from codes.models import Neighbour
from codes.passes.key_list import key_id_of
from regions.keys import encryption
from regions.keys.models import CityKey, Purpose
from regions.outgoing import Answer
from regions.tenancy import in_city
from tests.integration.cities.wire import Sent, Wire, deliver

MINUTE = timedelta(minutes=1)
BODY = b'{"pass": "HCP1:"}'


def signed(now: datetime, *, to: str = "330100", host: str = "beta", body: bytes = BODY) -> Sent:
    with in_city("alpha"):
        headers = signing.signed_headers("POST", PATH, body, to=to, now=now)
    return Sent("POST", f"http://{host}.localhost:8000{PATH}", headers, body)


def refusal(answer: Answer) -> str:
    """Its word; empty when the call was taken."""
    return "" if answer.status == 200 else str(json.loads(answer.body)["code"])


def with_header(name: str, value: str) -> Callable[[Sent], Sent]:
    return lambda sent: replace(sent, headers={**sent.headers, name: value})


def without(name: str) -> Callable[[Sent], Sent]:
    return lambda sent: replace(sent, headers={key: value for key, value in sent.headers.items() if key != name})


ALTERED: dict[str, tuple[Callable[[Sent], Sent], str]] = {
    "body": (lambda sent: replace(sent, content=b'{"pass": "HCP1:0"}'), "bad_signature"),
    "signature": (with_header(signing.SIGNATURE, "ed25519=" + "A" * 86 + "=="), "bad_signature"),
    "no signature": (without(signing.SIGNATURE), "not_signed"),
    "other scheme": (with_header(signing.SIGNATURE, "hmac=AAAA"), "not_signed"),
    "nonce": (with_header(signing.NONCE, "0" * 24), "bad_signature"),
    "short nonce": (with_header(signing.NONCE, "0"), "not_signed"),
    "timestamp that is none": (with_header(signing.TIMESTAMP, "soon"), "not_signed"),
    "unknown key": (with_header(signing.KEY, "00" * 8), "unknown_key"),
    "key that is none": (with_header(signing.KEY, "xyz"), "not_signed"),
    "unknown division": (with_header(signing.DIVISION, "110100"), "unknown_city"),
    "the called city's own division": (with_header(signing.DIVISION, "330100"), "unknown_city"),
    "no division": (without(signing.DIVISION), "unknown_city"),
}


@pytest.mark.parametrize("name", ALTERED)
def test_a_call_that_is_not_as_signed_is_not_taken(name: str, wire: Wire, now: datetime) -> None:
    alter, reason = ALTERED[name]
    sent = signed(now)
    answer = deliver(alter(sent))
    assert (answer.status, refusal(answer)) == (401, reason)
    # And it has used up nothing: the genuine one is taken, once.
    assert refusal(deliver(sent)) == ""
    assert refusal(deliver(sent)) == "replayed"


def test_a_call_for_another_city_or_of_another_time_is_not_taken(wire: Wire, now: datetime) -> None:
    assert refusal(deliver(signed(now, to="500100"))) == "bad_signature"
    for age, reason in ((4 * MINUTE, ""), (-4 * MINUTE, ""), (6 * MINUTE, "stale"), (-6 * MINUTE, "stale")):
        assert refusal(deliver(signed(now - age))) == reason


def test_keys_count_while_their_city_says_so(wire: Wire, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    old, before = signed(now), signed(now - 2 * MINUTE)
    assert refusal(deliver(old)) == ""
    with in_city("alpha"):
        encryption.rotate(Purpose.MESSAGE, now=now - MINUTE)
    later = now + MINUTE
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    # A new key is asked for at once, and the old one counts for what it signed while it was in use.
    assert refusal(deliver(signed(later))) == ""
    assert refusal(deliver(before)) == ""
    with in_city("alpha"):
        CityKey.objects.filter(purpose=Purpose.MESSAGE, retired_at__isnull=False).update(compromised_at=later)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later + 11 * MINUTE)
    assert refusal(deliver(signed(later + 11 * MINUTE))) == ""
    with in_city("beta"), pytest.raises(signing.CallRefused) as refused:
        signing.accept("POST", PATH, old.headers, BODY, now=now)
    assert refused.value.reason is signing.CallRefusal.UNKNOWN_KEY


def test_without_the_other_citys_key_list_nothing_is_taken_and_it_is_not_asked_for_every_call(
    wire: Wire, now: datetime
) -> None:
    wire.down = {"alpha.localhost"}
    for _ in range(3):
        assert refusal(deliver(signed(now))) == "unknown_key"
    assert len(wire.sent) == 1


def test_the_one_list_says_what_a_key_is_for(wire: Wire, now: datetime) -> None:
    """Of another city's list, a key of messages verifies no pass and a key of passes no message."""
    assert refusal(deliver(signed(now))) == ""
    with in_city("alpha"):
        ours = {key.purpose: key_id_of(bytes(key.public_key or b"")) for key in CityKey.objects.all() if key.public_key}
    with in_city("beta"):
        alpha = Neighbour.objects.get(division="510100")
        assert set(pass_keys_of_neighbours()) == {ours[Purpose.PASS]}
        assert message_key(alpha, ours[Purpose.MESSAGE], now=now) is not None
        assert message_key(alpha, ours[Purpose.PASS], now=now) is None
    assert {one.address for one in wire.sent if one.method == "GET"} == {
        "http://alpha.localhost:8000/.well-known/health-code-keys.json"
    }


def test_calls_are_counted(wire: Wire, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "MOST_CALLS", 2)
    answers = [deliver(signed(now)) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["Retry-After"] == "60"
    monkeypatch.setattr("django.utils.timezone.now", lambda: now + 2 * MINUTE)
    assert deliver(signed(now + 2 * MINUTE)).status == 200
