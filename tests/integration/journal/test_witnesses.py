"""Co-signed heads: obtained once a day from every witness; a truncated journal is detected by whoever keeps one."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg2.extensions
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import CommandError, call_command
from django.db import transaction
from pytest_django import Settings

from codes.key_rotation import kid_of, rotate_keys
from codes.witnessing import heads_elsewhere, witness_all
from regions.journal.checkpoints import write_checkpoint
from regions.journal.heads import (
    BadHead,
    CoSigned,
    co_sign,
    keep,
    kept_heads,
    last_head,
    present_head,
    witness_of,
)
from regions.journal.models import Checkpoint, JournalEntry
from regions.journal.record import record
from regions.journal.verify import ChainBreak, Verification, verify_journal
from regions.keys.models import CityKey, Purpose
from regions.tenancy import in_city
from tests.own_database import OPENED_AT

NOW = OPENED_AT + timedelta(days=1)
DAY = timedelta(days=1)


def grow(now: datetime, entries: int = 1) -> int:
    """More entries in alpha's journal, with a checkpoint; its length."""
    with in_city("alpha"):
        with transaction.atomic():
            for _ in range(entries):
                record("tested", by="lin", now=now)
        write_checkpoint(now=now)
        return JournalEntry.objects.count()


def verify(now: datetime = NOW, *, elsewhere: bool = True) -> Verification:
    heads = heads_elsewhere("alpha") if elsewhere else []
    with in_city("alpha"):
        return verify_journal(now=now, heads=heads)


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def test_every_city_is_witnessed_by_the_next_in_the_ring() -> None:
    cities = ["chengdu", "alpha", "beta"]
    assert [witness_of(city, cities) for city in sorted(cities)] == ["beta", "chengdu", "alpha"]
    assert witness_of("alpha", ["alpha"]) is None


@pytest.mark.django_db
def test_heads_are_co_signed_once_a_day_and_kept_on_both_sides() -> None:
    length = grow(NOW)
    assert witness_all(now=NOW) == 2
    assert witness_all(now=NOW + timedelta(hours=1)) == 0
    with in_city("alpha"):
        (one,) = kept_heads()
        assert (one.witness, one.head.seq, one.signed_at, one) == ("city:beta", length, NOW, last_head())
    with in_city("beta"):
        entry = JournalEntry.objects.get(verb="journal.witnessed")
        assert (entry.subject, entry.data["seq"], entry.data["digest"]) == ("city:alpha", length, one.head.digest.hex())
    assert heads_elsewhere("alpha") == [one]
    assert (verify().broken, verify().witnessed) == (None, length)
    assert witness_all(now=NOW + DAY) == 2, "each journal has grown by what it says of the other"


@pytest.mark.django_db
def test_no_head_is_kept_that_the_journal_does_not_hold() -> None:
    """However well it is signed: it would call a journal broken that is whole."""
    grow(NOW)
    with in_city("alpha"):
        head = present_head()
    assert head is not None
    others = [replace(head, digest=bytes(32)), replace(head, seq=head.seq + 1)]
    with in_city("beta"):
        signed = [co_sign(one, now=NOW) for one in others]
    with in_city("alpha"):
        for one in signed:
            assert one.holds
            with pytest.raises(BadHead, match="is not that of the head"):
                keep(one)
        assert kept_heads() == []


@pytest.mark.django_db
def test_two_days_without_a_witness_are_a_warning() -> None:
    grow(NOW)
    assert not verify(NOW).is_unwitnessed
    late = NOW + 2 * DAY + timedelta(seconds=1)
    assert verify(late).is_unwitnessed
    out = StringIO()
    call_command("verify_journal", "--city", "alpha", stdout=out)
    assert "Warning: nobody has co-signed the entries after 0 within two days" in out.getvalue()
    assert witness_all(now=late) == 2
    assert not verify(late).is_unwitnessed


def test_a_tail_cut_with_all_that_this_city_has_of_it_is_found_by_who_kept_a_head(
    owner: psycopg2.extensions.connection, settings: Settings, tmp_path: Path
) -> None:
    whole = grow(NOW, 9)
    assert witness_all(now=NOW) == 2
    kept = tmp_path / "kept.jsonl"
    call_command("witness_head", "--city", "alpha", "--export", str(kept), stdout=StringIO())
    cut = whole - 4
    folder = Path(settings.JOURNAL_CHECKPOINTS)
    (folder / "alpha.heads.jsonl").unlink()
    (folder / "alpha.jsonl").unlink()
    with owner.cursor() as cursor:
        cursor.execute("SET search_path = alpha")
        cursor.execute("DELETE FROM journal_checkpoint; DELETE FROM journal_journalentry WHERE seq > %s", [cut])
    with in_city("alpha"):
        write_checkpoint(now=NOW)
    assert verify(elsewhere=False).broken is None, "nothing of this city's own knows of the rest"

    found = verify()
    assert (found.broken, found.broken_at) == (ChainBreak.WITNESS_KNOWS_MORE, cut + 1)
    assert "city:beta has co-signed" in found.reason
    grow(NOW + timedelta(seconds=1), 9)
    assert (verify().broken, verify().broken_at) == (ChainBreak.WITNESS_DISAGREES, whole)

    with owner.cursor() as cursor:
        cursor.execute("DELETE FROM beta.journal_journalentry WHERE verb = 'journal.witnessed'")
    assert verify().broken is None
    with pytest.raises(CommandError, match=f"broken at entry {whole}: the chain was written anew: city:beta") as failed:
        call_command("verify_journal", "--city", "alpha", "--witness", str(kept))
    assert failed.value.returncode == 6
    told = json.loads(kept.read_text())
    kept.write_text(json.dumps({**told, "seq": cut}))
    with pytest.raises(CommandError, match=r"line 1: the signature under entry \d+ is not city:beta's") as failed:
        call_command("verify_journal", "--city", "alpha", "--witness", str(kept))
    assert failed.value.returncode == 2


@pytest.mark.django_db
def test_an_altered_file_of_heads_is_found(settings: Settings) -> None:
    grow(NOW)
    witness_all(now=NOW)
    file = Path(settings.JOURNAL_CHECKPOINTS) / "alpha.heads.jsonl"
    file.write_text(file.read_text().replace("city:beta", "city:gamma"))
    assert verify().broken is ChainBreak.HEADS_ALTERED


@pytest.mark.django_db
def test_the_auditors_key_signs_off_line(settings: Settings, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    settings.JOURNAL_AUDITOR_KEY = public(key)
    length = grow(NOW)
    head, signature = tmp_path / "head", tmp_path / "signature"
    call_command("witness_head", "--city", "alpha", "--write", str(head), stdout=StringIO())
    assert f"\nentry {length}\n".encode() in head.read_bytes()

    def take(signed: bytes) -> None:
        signature.write_bytes(signed)
        arguments = ["--city", "alpha", "--import", str(signature), "--head", str(head)]
        call_command("witness_head", *arguments, stdout=StringIO())

    for signed in (Ed25519PrivateKey.generate().sign(head.read_bytes()), key.sign(b"another"), b"\x00"):
        with pytest.raises(CommandError) as refused:
            take(signed)
        assert refused.value.returncode == 2
    take(key.sign(head.read_bytes()))
    take(key.sign(head.read_bytes()).hex().encode())
    with in_city("alpha"):
        (one,) = kept_heads()
    assert (one.witness, one.head.seq) == ("auditor", length)
    assert verify(elsewhere=False).heads == 1
    head.write_bytes(head.read_bytes().replace(b"sha256 ", b"sha256 00")[:-2] + b"\n")
    with pytest.raises(CommandError):
        take(key.sign(head.read_bytes()))


@contextmanager
def outside_witness(key: Ed25519PrivateKey, signed: list[bytes]) -> Iterator[str]:
    """A server that signs what is posted to it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            signed.append(self.rfile.read(int(self.headers["Content-Length"])))
            answer = json.dumps({"signature": key.sign(signed[-1]).hex()}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/heads"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.django_db
def test_an_outside_witness_is_asked_through_the_guard_and_its_signature_kept(settings: Settings) -> None:
    key = Ed25519PrivateKey.generate()
    signed: list[bytes] = []
    grow(NOW)
    with outside_witness(key, signed) as url:
        settings.JOURNAL_WITNESS_URL, settings.JOURNAL_WITNESS_KEY = url, public(Ed25519PrivateKey.generate())
        assert witness_all(now=NOW) == 2, "of the two cities only: its signature is another's"
        settings.JOURNAL_WITNESS_KEY = public(key)
        settings.SOURCE_ALLOW_LIST = type(settings.SOURCE_ALLOW_LIST).parse("witness.example:443")
        asked = len(signed)
        assert (witness_all(now=NOW), len(signed)) == (0, asked), "its place is not on the list"
        settings.SOURCE_ALLOW_LIST = type(settings.SOURCE_ALLOW_LIST).parse("127.0.0.1:*")
        assert (witness_all(now=NOW), len(signed)) == (2, asked + 2)
    with in_city("alpha"):
        one = last_head()
        assert one is not None
        assert (one.witness, one.head.text in signed) == ("outside", True)
    assert verify(elsewhere=False).heads == 2


@pytest.mark.django_db
def test_what_a_stolen_key_signs_counts_only_if_a_witness_has_seen_the_journal_since() -> None:
    later = NOW + timedelta(hours=1)
    with in_city("alpha"):
        key = CityKey.objects.get(purpose=Purpose.JOURNAL, retired_at__isnull=True)
        write_checkpoint(now=NOW)
        before = Checkpoint.objects.count()
        rotate_keys(by="system", now=NOW, compromised=kid_of(key))
        assert Checkpoint.objects.count() == before
    grow(NOW)
    assert verify().broken is None, "what it signed before it was stolen counts"
    with in_city("alpha"), transaction.atomic():
        CityKey.objects.filter(purpose=Purpose.JOURNAL, retired_at__isnull=True).update(retired_at=later)
        CityKey.objects.filter(pk=key.pk).update(compromised_at=None)
        CityKey.objects.filter(pk=key.pk).update(retired_at=None)
    length = grow(later)  # by a process that still signs with it
    with in_city("alpha"):
        CityKey.objects.filter(pk=key.pk).update(retired_at=NOW, compromised_at=NOW)
    assert (verify().broken, verify().broken_at) == (ChainBreak.COMPROMISED_KEY, length)
    with in_city("alpha"):
        head = present_head()
        assert head is not None
    own = Ed25519PrivateKey.generate()
    seen = CoSigned(head, "auditor", public(own), own.sign(head.text), later)
    with in_city("alpha"):
        assert verify_journal(now=later, heads=[seen]).broken is None


@pytest.mark.django_db
def test_a_witness_whose_key_was_stolen_says_nothing_more() -> None:
    grow(NOW)
    with in_city("beta"):
        key = CityKey.objects.get(purpose=Purpose.JOURNAL, retired_at__isnull=True)
    witness_all(now=NOW)
    with in_city("beta"):
        CityKey.objects.filter(pk=key.pk).update(retired_at=NOW, compromised_at=NOW - DAY)
    assert heads_elsewhere("alpha") == []
