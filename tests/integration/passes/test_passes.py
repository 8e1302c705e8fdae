"""A city's passes: the present colour, not linkable across days, verifiable off-line and across a key rotation."""

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import cbor2
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from codes.effective import CurrentCode
from codes.key_rotation import rotate_keys
from codes.models import Citizen
from codes.passes.checking import check_off_line
from codes.passes.issuing import citizen_of, issue_pass, pseudonym, published_keys, signed_key_list
from codes.passes.key_list import KeyList, key_id_of, pass_keys, read_list
from codes.passes.results import BadPass, CheckResult, Detail
from codes.passes.token import PREFIX, SUBJECT, decode, verify_token, write_token
from codes.review.proposals.rulings import expire_rulings
from regions.keys import encryption
from regions.keys.models import CityKey, Purpose
from regions.models import City
from regions.tenancy import in_city
from tests.integration.conftest import OpenDesk
from tests.integration.review.desk import Desk

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
GREEN = CurrentCode("green", "agreement", None)


@pytest.fixture
def desk(opened_at_beta: OpenDesk, now: datetime) -> Desk:
    return opened_at_beta({"zhang": "spacetime_overlap", "chen": "arrival"}, now=now)


def keys(now: datetime) -> KeyList:
    """As a checkpoint has them: from the published file."""
    return pass_keys([read_list(signed_key_list(now=now))])


def test_a_pass_shows_the_effective_code_of_its_instant(desk: Desk) -> None:
    zhang = desk.citizen("zhang")
    for colour in ("red", "green"):
        token, said = issue_pass(zhang, now=desk.now)
        assert verify_token(token, keys(desk.now), at=desk.now) == said
        assert (said.colour, said.division) == (colour, "330100")
        assert (said.issued_at, said.expires_at) == (desk.now, desk.now + MINUTE)
        if colour == "red":
            desk.approve(desk.propose())
    expire_rulings(now=desk.now + timedelta(days=10))
    assert issue_pass(zhang, now=desk.now)[1].colour == "red"


def test_somebody_no_provider_knows_is_unknown_and_not_green(desk: Desk) -> None:
    nobody = Citizen.objects.create(ref="new", id_type="99", id_hash=b"n", id_encrypted=b"-", known_since=desk.now)
    assert issue_pass(nobody, now=desk.now)[1].colour == "unknown"


def test_a_pass_names_nobody(desk: Desk) -> None:
    zhang = desk.citizen("zhang")
    zhang.full_name = "ZHANGXIAOSAN"
    token, said = issue_pass(zhang, now=desk.now)
    for secret in (zhang.ref, zhang.full_name, str(zhang.pk)):
        assert secret not in repr(said)
        assert secret not in token


def test_whoever_keeps_all_passes_of_two_days_tells_nobody_again(
    db: None, now: datetime, record_property: Callable[[str, object], None]
) -> None:
    """Not by any part that one person's passes of two days have in common, and those of all others have not."""
    people = [Citizen(pk=pk, ref=f"C{pk:012}", full_name=f"WANG{pk:04}") for pk in range(1, 201)]
    with in_city("alpha"):
        days = [[issue_pass(one, now=at, current=GREEN)[0] for one in people] for at in (now, now + DAY)]
    parts = [list(map(_parts, day)) for day in days]
    everybodys = set.intersection(*parts[0], *parts[1])
    told_again = [one.ref for one, *both in zip(people, *parts, strict=True) if set.intersection(*both) - everybodys]
    assert told_again == []
    for one, *tokens in zip(people, *days, strict=True):
        for secret in (one.ref.encode(), one.full_name.encode(), one.pk.to_bytes(8, "big")):
            assert all(secret not in decode(token.removeprefix(PREFIX)) for token in tokens)
    record_property("figure", f"{len(people)} people, passes of two days: 0 told again")


def _parts(token: str) -> set[object]:
    """Of header and claims each value; of what looks like noise, any four bytes."""
    protected, _, payload, signature = cbor2.loads(decode(token.removeprefix(PREFIX))).value
    claims = cbor2.loads(payload)
    noise = [signature, base64.b32decode(f"{claims.pop(SUBJECT)}======")]
    return {*cbor2.loads(protected).items(), *claims.items()} | {
        some[place : place + 4] for some in noise for place in range(len(some) - 3)
    }


def test_a_pseudonym_is_one_persons_for_one_day_of_the_citys_zone(desk: Desk) -> None:
    zhang, chen = desk.citizen("zhang"), desk.citizen("chen")
    midnight = desk.now.replace(hour=16)  # UTC: the next day begins in the city
    names = [
        issue_pass(one, now=at)[1].pseudonym for one in (zhang, chen) for at in (desk.now, midnight - MINUTE, midnight)
    ]
    assert names[0] == names[1] != names[2]
    assert len(set(names)) == 4
    assert all(len(name) == 26 for name in names)


def test_the_city_alone_follows_a_pseudonym_back_and_on_its_day_only(desk: Desk) -> None:
    zhang = desk.citizen("zhang")
    today = desk.now.date()
    name = pseudonym(zhang, day=today)
    assert citizen_of(name, day=today) == zhang.pk
    assert citizen_of(name, day=today + timedelta(days=1)) is None
    for nobody in ("", "ABC", "A" * 26, "1" * 26, name.lower(), name[:-1], f"{name}A"):
        assert citizen_of(nobody, day=today) is None


def test_cities_cannot_tell_that_a_pseudonym_is_one_persons(db: None, now: datetime) -> None:
    zhang, names = Citizen(pk=1, ref="zhang"), set()
    for schema in ("alpha", "beta"):
        with in_city(schema):
            names.add(pseudonym(zhang, day=now.date()))
    assert len(names) == 2


def test_a_rotation_refuses_no_valid_pass(desk: Desk) -> None:
    zhang = desk.citizen("zhang")
    before, _ = issue_pass(zhang, now=desk.now)
    encryption.rotate(Purpose.PASS, now=desk.now + timedelta(seconds=10))
    after, _ = issue_pass(zhang, now=desk.now + timedelta(seconds=20))
    at = desk.now + timedelta(seconds=30)
    for token in (before, after):
        verify_token(token, keys(at), at=at)
    assert len(published_keys()) == 2


def test_a_process_that_remembers_the_old_key_signs_with_the_new_one(desk: Desk) -> None:
    zhang = desk.citizen("zhang")
    issue_pass(zhang, now=desk.now)
    old = CityKey.objects.get(purpose=Purpose.PASS)
    CityKey.objects.filter(pk=old.pk).update(retired_at=desk.now + timedelta(hours=1))
    encryption.create_keys(now=desk.now + timedelta(hours=1))  # by another process: this one's memory keeps the old key
    late = desk.now + timedelta(hours=2)
    token, said = issue_pass(zhang, now=late)
    assert verify_token(token, keys(late), at=late) == said


def test_a_stolen_retired_key_makes_no_passes(desk: Desk) -> None:
    zhang = desk.citizen("zhang")
    token, _ = issue_pass(zhang, now=desk.now + timedelta(hours=1))
    CityKey.objects.filter(purpose=Purpose.PASS).update(retired_at=desk.now)
    with pytest.raises(BadPass) as refused:
        verify_token(token, keys(desk.now), at=desk.now + timedelta(hours=1))
    assert refused.value.detail is Detail.RETIRED_KEY


def test_the_list_of_a_host_is_signed_and_says_what_each_key_is_for(desk: Desk) -> None:
    answer = Client().get(reverse("key_list", urlconf=settings.ROOT_URLCONF), headers={"host": "beta.localhost"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    content = json.loads(answer.content)
    assert [(row["use"], row["division"]) for row in content["keys"]] == [("pass", "330100"), ("message", "330100")]
    fields = {"division", "key_id", "use", "algorithm", "public_key", "created_at", "retired_at", "compromised_at"}
    assert all(set(row) == fields for row in content["keys"]), "and no secret"
    found = read_list(answer.content.decode())
    assert (found.division, found.offline_days) == ("330100", 7)
    rotate_keys(by="system", now=desk.now)
    assert read_list(signed_key_list(now=desk.now), pinned=found.signed_by).signed_by == found.signed_by


def test_no_message_key_signs_passes(desk: Desk) -> None:
    key = encryption.signing_key(Purpose.MESSAGE)
    said = issue_pass(desk.citizen("zhang"), now=desk.now)[1]
    token = write_token(said, key_id=key_id_of(key.public_key), sign=key.sign)
    lists = [read_list(signed_key_list(now=desk.now))]
    assert check_off_line(token, lists, at=desk.now).result is CheckResult.UNKNOWN_KEY


def test_passes_of_two_days_cannot_be_matched(bare_city: City, now: datetime) -> None:
    """A matcher that has every sign of the tokens of two days, and may pair by whatever is most alike, does no better than chance."""
    people = [Citizen(pk=number, ref=f"person-{number}") for number in range(60)]
    green = CurrentCode("green", "agreement", None)
    days = [
        {who.pk: issue_pass(who, now=now + timedelta(days=day), current=green)[0] for who in people} for day in range(2)
    ]

    def alike(one: str, other: str) -> float:
        return sum(a == b for a, b in zip(one, other, strict=False))

    right = sum(max(days[1], key=lambda pk: alike(token, days[1][pk])) == who for who, token in days[0].items())
    # One of sixty by chance; seven or more come once in five thousand matchers that only guess.
    assert right < 7
    assert not {piece for one in days[0].values() for piece in _pieces(one)} & {
        piece for other in days[1].values() for piece in _pieces(other)
    }


def _pieces(token: str) -> set[bytes]:
    """Every eight bytes of pseudonym and signature; the rest is the same for everybody or the time."""
    claims = cbor2.loads(cbor2.loads(decode(token.removeprefix(PREFIX))).value[2])
    parts = (claims[2].encode(), cbor2.loads(decode(token.removeprefix(PREFIX))).value[3])
    return {part[place : place + 8] for part in parts for place in range(len(part) - 7)}


def test_showing_a_pass_costs_a_handful_of_queries(desk: Desk) -> None:
    zhang = desk.citizen("zhang")
    issue_pass(zhang, now=desk.now)
    with CaptureQueriesContext(connection) as queries:
        issue_pass(zhang, now=desk.now)
    assert len([one for one in queries if one["sql"].lstrip().startswith(("SELECT", "EXECUTE"))]) == 2


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_a_pass_is_verified_off_line_by_command(desk: Desk, tmp_path: Path) -> None:
    token, _ = issue_pass(desk.citizen("zhang"), now=desk.now)
    file = tmp_path / "keys.json"
    assert "2 keys of beta" in run("publish_keys", "--city", "beta", "--output", str(file))
    assert read_list(file.read_text()).keys == read_list(run("publish_keys", "--city", "beta")).keys
    file.write_text(signed_key_list(now=desk.now))
    at = ["--at", desk.now.isoformat()]
    with CaptureQueriesContext(connection) as queries:
        told = run("verify_pass", token, "--keys", str(file), *at)
    assert told.startswith("genuine: red as of 2026-11-24T02:00:00+00:00, city 330100, pseudonym ")
    assert not list(queries)
    for bad, code in ((token[:-3], 6), ("hello", 6)):
        with pytest.raises(CommandError) as refused:
            run("verify_pass", bad, "--keys", str(file), *at)
        assert refused.value.returncode == code
    late = (desk.now + timedelta(hours=1)).isoformat()
    with pytest.raises(CommandError, match="expired"):
        run("verify_pass", token, "--keys", str(file), "--at", late)
    signer = read_list(file.read_text()).signed_by.hex()
    assert run("verify_pass", token, "--keys", str(file), "--pin", signer, *at) == told
    with pytest.raises(CommandError, match="not pinned"):
        run("verify_pass", token, "--keys", str(file), "--pin", "00" * 32, *at)
    file.write_text("{}")
    with pytest.raises(CommandError) as unread:
        run("verify_pass", token, "--keys", str(file), *at)
    assert unread.value.returncode == 2
