"""After a rotation, everything signed or encrypted before stays readable; nothing signed by a compromised key is valid."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from codes.key_rotation import Rotation, kid_of, make_missing_keys, rotate_keys
from codes.models import Citizen
from codes.passes.issuing import issue_pass, signed_key_list
from codes.passes.key_list import KeyList, key_id_of, pass_keys, read_list
from codes.passes.results import BadPass, CheckResult, Detail
from codes.passes.token import Pass, verify_token, write_token
from codes.reports.manifest import Fault, Untrue, check_signature, is_this_citys, signed
from regions.identity import Identity
from regions.journal.checkpoints import write_checkpoint
from regions.journal.models import Checkpoint, JournalEntry
from regions.journal.verify import verify_journal
from regions.keys import encryption
from regions.keys.models import CityKey, Purpose
from regions.models import City
from regions.vocabulary import IdType

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
PERSON = Identity(IdType.RESIDENT_ID, "330100199001011232")


@pytest.fixture
def zhang(bare_city: City, now: datetime) -> Citizen:
    return Citizen.objects.create(
        ref="zhang",
        id_type=PERSON.id_type,
        id_hash=encryption.identity_hash(PERSON),
        id_encrypted=encryption.encrypt_number(PERSON),
        known_since=now,
    )


def key_list(now: datetime) -> KeyList:
    return pass_keys([read_list(signed_key_list(now=now))])


def rotate(now: datetime, *, compromised: str | None = None) -> Rotation:
    done = rotate_keys(by="system", now=now, compromised=compromised)
    write_checkpoint(now=now)
    return done


def manifest(now: datetime) -> dict[str, object]:
    rest = dict.fromkeys(("report", "city", "filters", "columns", "rows", "format", "identified", "made_by"), "x")
    return signed({**rest, "sha256": "0", "made_at": now.isoformat()})


def fault_of(token: str, at: datetime) -> CheckResult | Detail:
    with pytest.raises(BadPass) as refused:
        verify_token(token, key_list(at), at=at)
    return refused.value.detail or refused.value.result


def forged(key: encryption.SigningKey, issued_at: datetime) -> str:
    """What a thief of the key makes."""
    said = Pass("330100", "ABCDEFGHIJKLMNOP", "green", issued_at, issued_at + 60 * SECOND)
    return write_token(said, key_id=key_id_of(key.public_key), sign=key.sign)


def test_what_each_generation_left_is_read_after_two_rotations(zhang: Citizen, now: datetime) -> None:
    rows, passes, manifests, hashes = [], [], [], set()
    for generation in range(3):
        at = now + generation * HOUR
        if generation:
            rotate(at)
        rows.append(encryption.encrypt_number(PERSON))
        passes.append((issue_pass(zhang, now=at)[0], at))
        manifests.append(manifest(at))
        hashes.add(encryption.identity_hash(PERSON))
        encryption.forget_cached_keys()
    for row in (bytes(zhang.id_encrypted), *rows):
        assert encryption.decrypt_number(row) == PERSON.id_number
    for token, at in passes:
        assert verify_token(token, key_list(at + SECOND), at=at + SECOND).colour == "unknown"
    for one in manifests:
        check_signature(one)
        assert is_this_citys(one)
    assert hashes == {bytes(zhang.id_hash)}, "people are found by the hash they were stored with"
    assert len({row[: encryption.KEY_ID_BYTES] for row in rows}) == 3, "new rows use the new key"
    assert len({one["public_key"] for one in manifests}) == 3
    assert len(key_list(now)) == 3


def test_checkpoints_of_each_generation_hold(zhang: Citizen, now: datetime) -> None:
    write_checkpoint(now=now)
    rotate(now + HOUR)
    rotate(now + 2 * HOUR)
    assert Checkpoint.objects.values("key_id").distinct().count() >= 2
    found = verify_journal(now=now)
    assert (found.broken_at, found.checkpoints >= 2) == (None, True)


def test_a_rotation_is_in_the_journal(zhang: Citizen, now: datetime) -> None:
    old = CityKey.objects.get(purpose=Purpose.PASS, retired_at__isnull=True)
    done = rotate(now, compromised=kid_of(old))
    rotated, stolen = JournalEntry.objects.filter(by="system").order_by("seq")
    assert rotated.verb == "keys.rotated"
    assert rotated.data["retired"]["pass"] == old.pk
    assert rotated.data["made"] == {purpose.value: key.pk for purpose, key in done.keys.items()}
    assert (stolen.verb, stolen.subject) == ("key.compromised", f"key:{old.pk}")
    assert stolen.data == {"purpose": "pass", "kid": kid_of(old)}


def test_a_city_of_an_earlier_release_is_given_the_keys_it_lacks(zhang: Citizen, now: datetime) -> None:
    CityKey.objects.filter(purpose=Purpose.MESSAGE).update(retired_at=now)
    made = make_missing_keys(by="system", now=now)
    assert [key.purpose for key in made] == [Purpose.MESSAGE]
    key = encryption.signing_key(Purpose.MESSAGE)
    assert encryption.verify(b"x", key.sign(b"x"), public_key=encryption.public_key(made[0].pk))
    assert JournalEntry.objects.get(verb="keys.made").data == {"made": {"message": made[0].pk}}
    assert make_missing_keys(by="system", now=now) == []


def test_another_process_notices_at_its_next_signature(zhang: Citizen, now: datetime) -> None:
    """What this process remembers is from before; the rotation is done in the database alone."""
    before = {purpose: encryption.sign(b"x", purpose=purpose)[0] for purpose in encryption.SIGNING}
    for purpose in encryption.SIGNING:
        CityKey.objects.filter(pk=before[purpose]).update(retired_at=now)
    encryption.create_keys(now=now)
    for purpose in encryption.SIGNING:
        assert encryption.sign(b"x", purpose=purpose)[0] > before[purpose]


def test_another_process_encrypts_with_the_new_key_within_seconds(
    zhang: Citizen, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("regions.keys.encryption.time.monotonic", lambda: clock[0])
    old = encryption.encrypt_number(PERSON)[: encryption.KEY_ID_BYTES]
    CityKey.objects.filter(purpose=Purpose.DATA).update(retired_at=now)
    encryption.create_keys(now=now)
    assert encryption.encrypt_number(PERSON)[: encryption.KEY_ID_BYTES] == old
    clock[0] += encryption.SECONDS_REMEMBERED
    assert encryption.encrypt_number(PERSON)[: encryption.KEY_ID_BYTES] != old


def test_a_stolen_retired_key_can_back_date_only_within_a_passes_life(zhang: Citizen, now: datetime) -> None:
    """Nobody can tell when a retired key signed; that a pass lives a minute bounds it, and calling it compromised ends it."""
    stolen = encryption.signing_key(Purpose.PASS)
    rotate(now)
    back_dated = forged(stolen, now - SECOND)
    assert verify_token(back_dated, key_list(now), at=now + 30 * SECOND).colour == "green"
    assert fault_of(back_dated, now + 2 * 60 * SECOND) is CheckResult.EXPIRED
    assert fault_of(forged(stolen, now + 60 * SECOND), now + 60 * SECOND) is Detail.RETIRED_KEY
    rotate(now + SECOND, compromised=key_id_of(stolen.public_key).hex())
    assert fault_of(back_dated, now + 30 * SECOND) is Detail.COMPROMISED_KEY


def test_a_manifest_of_a_retired_key_counts_up_to_that_instant(zhang: Citizen, now: datetime) -> None:
    before, after = manifest(now - SECOND), manifest(now + SECOND)
    kid = str(before["key_id"])
    rotate(now)
    assert is_this_citys(before)
    with pytest.raises(Untrue) as late:
        is_this_citys(after)
    assert late.value.fault is Fault.RETIRED_KEY
    rotate(now + HOUR, compromised=kid)
    with pytest.raises(Untrue) as refused:
        is_this_citys(before)
    assert refused.value.fault is Fault.COMPROMISED_KEY


@pytest.mark.parametrize("purpose", [Purpose.DATA, Purpose.LOOKUP])
def test_a_key_whose_work_must_stay_is_not_refused(zhang: Citizen, now: datetime, purpose: Purpose) -> None:
    key = CityKey.objects.get(purpose=purpose)
    _refused(kid_of(key))


@pytest.mark.parametrize("kid", ["", "0", "-1", "zz", "00" * 8, "9" * 40])
def test_a_key_that_is_not_the_citys_is_refused(zhang: Citizen, kid: str) -> None:
    _refused(kid)


def test_a_key_is_compromised_once(zhang: Citizen, now: datetime) -> None:
    kid = kid_of(CityKey.objects.get(purpose=Purpose.PASS))
    call_command("rotate_keys", city="beta", compromised=kid, stdout=StringIO())
    _refused(kid)


def _refused(kid: str) -> None:
    keys = list(CityKey.objects.order_by("pk").values())
    with pytest.raises(CommandError) as refused:
        call_command("rotate_keys", city="beta", compromised=kid, stdout=StringIO())
    assert refused.value.returncode == 2
    assert list(CityKey.objects.order_by("pk").values()) == keys
