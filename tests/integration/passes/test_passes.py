"""A city's passes: the present colour, unlinkable across days, verifiable off-line and across a rotation."""

import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from codes.models import Citizen
from codes.passes.issuing import citizen_of, issue_pass, pseudonym, published_keys
from codes.passes.key_list import KeyList, as_json, from_json
from codes.passes.results import BadPass, Detail
from codes.passes.token import verify_token
from codes.review.proposals.rulings import expire_rulings
from regions.keys import encryption
from regions.keys.models import CityKey, Purpose
from regions.models import City
from regions.tenancy import in_city
from tests.integration.review.desk import Desk, open_desk

MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(bare_city: City, now: datetime) -> Desk:
    return open_desk({"zhang": "spacetime_overlap", "chen": "arrival"}, now=now)


def keys(now: datetime) -> KeyList:
    """As a checkpoint has them: from the published file."""
    return from_json(as_json(published_keys(), published_at=now))


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


def test_no_secret_is_published(desk: Desk) -> None:
    text = as_json(published_keys(), published_at=desk.now)
    (row,) = json.loads(text)["keys"]
    assert set(row) == {"division", "key_id", "algorithm", "public_key", "created_at", "retired_at", "compromised_at"}


def test_showing_a_pass_costs_a_handful_of_queries(desk: Desk) -> None:
    zhang = desk.citizen("zhang")
    issue_pass(zhang, now=desk.now)
    with CaptureQueriesContext(connection) as queries:
        issue_pass(zhang, now=desk.now)
    assert len([one for one in queries if one["sql"].lstrip().startswith(("SELECT", "WITH"))]) == 2


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_a_pass_is_verified_off_line_by_command(desk: Desk, tmp_path: Path) -> None:
    token, _ = issue_pass(desk.citizen("zhang"), now=desk.now)
    file = tmp_path / "keys.json"
    assert "1 keys of beta" in run("publish_keys", "--city", "beta", "--output", str(file))
    file.write_text(run("publish_keys", "--city", "beta"))
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
    file.write_text("{}")
    with pytest.raises(CommandError) as unread:
        run("verify_pass", token, "--keys", str(file), *at)
    assert unread.value.returncode == 2
