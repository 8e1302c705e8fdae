"""Changes to the journal by the owner of the tables are detected and located."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection as any_connection
from django.db import transaction
from psycopg2.extensions import connection

from regions.journal.checkpoints import message, set_aside, take_over_file, write_checkpoint
from regions.journal.models import Checkpoint, JournalEntry
from regions.journal.record import GENESIS, digest_of, record
from regions.journal.verify import ChainBreak, verify_journal
from regions.models import City
from regions.tenancy import in_city
from tests.integration.constraints.cast import AT

Tamper = Callable[..., None]


@pytest.fixture
def city(owner: connection) -> Iterator[City]:
    """Alpha with twenty more entries and a checkpoint on the last of them; what is done there is committed."""
    with in_city("alpha") as city:
        with transaction.atomic():
            for number in range(20):
                record("tested", by="lin", now=AT, subject=f"case:{number}", data={"n": number})
        write_checkpoint(now=AT)
        yield city


@pytest.fixture
def tamper(owner: connection) -> Tamper:
    """Change alpha's tables with the owner's hand."""

    def tamper(statement: str, *values: object) -> None:
        with owner.cursor() as cursor:
            cursor.execute("SET search_path = alpha")
            cursor.execute(statement, values or None)
            assert cursor.rowcount > 0

    return tamper


# What is done → the entry that is named, and a word of the reason.
EDITS = {
    "who": ("UPDATE journal_journalentry SET by = 'wang' WHERE seq = 9", 9, "content"),
    "what": ("UPDATE journal_journalentry SET data = '{\"n\": 99}' WHERE seq = 9", 9, "content"),
    "when": ("UPDATE journal_journalentry SET at = at - interval '1 microsecond' WHERE seq = 9", 9, "content"),
    "verb": ("UPDATE journal_journalentry SET verb = 'approved' WHERE seq = 9", 9, "content"),
    "subject": ("UPDATE journal_journalentry SET subject = '' WHERE seq = 9", 9, "content"),
    "rows made up": ("UPDATE journal_journalentry SET rows = '[{\"n\": 99}]' WHERE seq = 9", 9, "content"),
    "digest": ("UPDATE journal_journalentry SET digest = sha256('x') WHERE seq = 9", 9, "content"),
    "link": ("UPDATE journal_journalentry SET previous = sha256('x') WHERE seq = 9", 9, "follow"),
    "deletion": ("DELETE FROM journal_journalentry WHERE seq = 9", 9, "missing"),
    "deletion of the first": ("DELETE FROM journal_journalentry WHERE seq = 1", 1, "missing"),
    "deletion, numbers closed up": (
        """
        DELETE FROM journal_journalentry WHERE seq = 9;
        UPDATE journal_journalentry SET seq = -seq WHERE seq > 9;
        UPDATE journal_journalentry SET seq = -seq - 1 WHERE seq < 0
        """,
        9,
        "follow",
    ),
    "reorder": (
        """
        UPDATE journal_journalentry SET seq = -seq WHERE seq IN (9, 10);
        UPDATE journal_journalentry SET seq = 19 + seq WHERE seq < 0
        """,
        9,
        "follow",
    ),
    "insertion": (
        """
        UPDATE journal_journalentry SET seq = -seq WHERE seq >= 9;
        UPDATE journal_journalentry SET seq = 1 - seq WHERE seq < 0;
        INSERT INTO journal_journalentry (seq, at, by, verb, subject, data, previous, digest)
        SELECT 9, at, by, 'approved', subject, data, digest, sha256('x') FROM journal_journalentry WHERE seq = 8
        """,
        9,
        "content",
    ),
}


@pytest.mark.parametrize(("statement", "place", "word"), EDITS.values(), ids=EDITS.keys())
def test_a_change_is_found_and_named(city: City, tamper: Tamper, statement: str, place: int, word: str) -> None:
    assert verify_journal(now=AT).broken_at is None

    tamper(statement)

    found = verify_journal(now=AT)
    assert found.broken_at == place
    assert word in found.reason


def test_what_an_entry_says_of_rows_cannot_be_taken_from_it(city: City, tamper: Tamper) -> None:
    """``reconcile`` holds what stands against them."""
    first = JournalEntry.objects.filter(rows__isnull=False).earliest("seq").seq
    tamper("UPDATE journal_journalentry SET rows = NULL WHERE seq = %s", first)
    assert verify_journal(now=AT).broken_at == first


def test_a_cut_tail_is_missed_by_the_checkpoint(city: City, tamper: Tamper) -> None:
    length = JournalEntry.objects.count()
    tamper("DELETE FROM journal_journalentry WHERE seq > %s", length - 3)

    found = verify_journal(now=AT)

    assert found.broken_at == length - 2
    assert "tail is cut" in found.reason


def test_a_tail_cut_with_its_checkpoints_is_missed_by_the_file_outside(city: City, tamper: Tamper) -> None:
    length = JournalEntry.objects.count()
    tamper("DELETE FROM journal_checkpoint; DELETE FROM journal_journalentry WHERE seq > %s", length - 3)

    assert verify_journal(now=AT).broken_at == length - 2


def test_a_chain_that_grew_again_over_a_cut_is_found(city: City, tamper: Tamper) -> None:
    length = JournalEntry.objects.count()
    tamper("DELETE FROM journal_checkpoint; DELETE FROM journal_journalentry WHERE seq > %s", length - 3)
    with transaction.atomic():
        for _ in range(9):
            record("tested", by="lin", now=AT)

    found = verify_journal(now=AT)

    assert found.broken_at == length
    assert "written anew" in found.reason


def test_a_chain_forged_whole_is_found(city: City, tamper: Tamper) -> None:
    """Digests need no key: anybody can compute a new chain, but not sign for it."""
    entries = list(JournalEntry.objects.order_by("seq"))
    previous = GENESIS
    for entry in entries:
        entry.previous = previous
        entry.by = "nobody"
        previous = digest_of(entry)
        change = "UPDATE journal_journalentry SET by = 'nobody', previous = %s, digest = %s WHERE seq = %s"
        tamper(change, bytes(entry.previous), previous, entry.seq)

    found = verify_journal(now=AT)

    assert found.broken_at == len(entries)
    assert "written anew" in found.reason


def test_a_checkpoint_signs_whose_journal_it_is(db: None) -> None:
    signed = set()
    for schema in ("alpha", "beta"):
        with in_city(schema):
            signed.add(message(1, GENESIS))
    assert len(signed) == 2


def test_a_forged_checkpoint_is_found(city: City, tamper: Tamper) -> None:
    tamper("UPDATE journal_checkpoint SET signature = sha256('x') || sha256('y')")

    assert "signature" in verify_journal(now=AT).reason


def test_a_checkpoint_of_another_city_says_nothing(city: City, tamper: Tamper) -> None:
    """The signed sentence names the city, and each city has its own key."""
    tamper("UPDATE journal_checkpoint SET key_id = key_id + 1000")

    assert "signature" in verify_journal(now=AT).reason


def test_a_checkpoint_is_written_once_for_the_same_length(city: City) -> None:
    assert write_checkpoint(now=AT) is None
    assert Checkpoint.objects.count() == 1
    (file,) = Path(settings.JOURNAL_CHECKPOINTS).iterdir()
    assert len(file.read_text().splitlines()) == 1


def test_a_missing_file_is_a_failure(city: City, tamper: Tamper) -> None:
    shutil.rmtree(settings.JOURNAL_CHECKPOINTS)

    found = verify_journal(now=AT)

    assert (found.broken, found.broken_at) == (ChainBreak.NO_FILE, found.entries)


def test_no_checkpoint_at_all_is_a_failure(city: City, tamper: Tamper) -> None:
    shutil.rmtree(settings.JOURNAL_CHECKPOINTS)
    tamper("DELETE FROM journal_checkpoint")

    found = verify_journal(now=AT)

    assert (found.broken, found.broken_at) == (ChainBreak.UNSIGNED, 1)


def test_removed_checkpoints_are_missed_by_the_file(city: City, tamper: Tamper) -> None:
    signed = [JournalEntry.objects.count(), grow()]
    tamper("DELETE FROM journal_checkpoint")

    found = verify_journal(now=AT)

    # The file's last line may be ahead of its row while it is being written; the next checkpoint puts the row in.
    assert (found.broken, found.broken_at) == (ChainBreak.CHECKPOINT_REMOVED, signed[0])


def test_a_moved_creation_date_hides_no_file(city: City, tamper: Tamper) -> None:
    tamper(
        "UPDATE public.regions_city SET created_at = created_at + interval '1 microsecond' WHERE schema_name = 'alpha'"
    )
    tamper("DELETE FROM journal_checkpoint; DELETE FROM journal_journalentry WHERE seq = %s", city_length())

    assert verify_journal(now=AT).broken is ChainBreak.TAIL_CUT


def test_a_renamed_city_finds_no_checkpoints_of_its_own(city: City, tamper: Tamper) -> None:
    """The rows of a checkpoint, and the lines of its file, speak of one city by name."""
    file = Path(settings.JOURNAL_CHECKPOINTS) / "alpha.jsonl"
    file.rename(file.with_name("beta.jsonl"))

    with leave_city(), in_city("beta"):
        found = verify_journal(now=AT)

    assert found.broken is ChainBreak.FILE_ALTERED


def test_a_cut_or_edited_file_is_found(city: City) -> None:
    first = city_length()
    grow()
    third = grow()
    file = Path(settings.JOURNAL_CHECKPOINTS) / "alpha.jsonl"
    lines = file.read_text().splitlines(keepends=True)

    file.write_text("".join([lines[0], lines[2]]))
    assert verify_journal(now=AT).broken is ChainBreak.FILE_ALTERED
    file.write_text("".join(lines[:2]))
    assert verify_journal(now=AT).broken_at == third
    assert verify_journal(now=AT).broken is ChainBreak.NOT_IN_FILE
    file.write_text("".join([lines[0].replace(f'"seq": {first}', f'"seq": {first - 1}'), *lines[1:]]))
    assert (verify_journal(now=AT).broken, verify_journal(now=AT).broken_at) == (ChainBreak.FILE_ALTERED, 1)


def test_an_exchanged_public_key_signs_nothing(city: City, tamper: Tamper) -> None:
    """A superuser who makes a key of their own cannot wrap its secret, so its signatures are foreign."""
    own = Ed25519PrivateKey.generate()
    public = own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    point = Checkpoint.objects.get()
    tamper("UPDATE keys_citykey SET public_key = %s WHERE id = %s", public, point.key_id)
    tamper("UPDATE journal_checkpoint SET signature = %s", own.sign(message(point.seq, bytes(point.digest))))

    assert verify_journal(now=AT).broken is ChainBreak.FOREIGN_SIGNATURE


def test_a_day_without_checkpoints_is_a_failure(city: City) -> None:
    length = city_length()
    with transaction.atomic():
        record("tested", by="lin", now=AT)
        record("tested", by="lin", now=AT + timedelta(hours=25))

    found = verify_journal(now=AT)

    assert (found.broken, found.broken_at) == (ChainBreak.UNSIGNED, length + 1)


def test_a_row_that_was_not_committed_is_put_in_from_the_file(city: City, tamper: Tamper) -> None:
    """A process that ends between the file and the database leaves nothing that must be mended by hand."""
    tamper("DELETE FROM journal_checkpoint")
    assert verify_journal(now=AT).broken is None

    grow()

    assert Checkpoint.objects.count() == 2
    assert verify_journal(now=AT).broken is None


def test_a_city_opened_under_an_earlier_name_begins_a_file(city: City) -> None:
    set_aside("alpha", now=AT)
    names = sorted(path.name.partition(".until-")[0] for path in Path(settings.JOURNAL_CHECKPOINTS).iterdir())
    assert names == ["alpha"]
    assert verify_journal(now=AT).broken is ChainBreak.NO_FILE


def test_a_file_of_the_earlier_form_is_taken_over_once(city: City) -> None:
    point = Checkpoint.objects.get()
    path = Path(settings.JOURNAL_CHECKPOINTS) / "alpha.jsonl"
    path.unlink()
    kept = {"seq": point.seq, "digest": bytes(point.digest).hex(), "key_id": point.key_id}
    lines = [{**kept, "signature": bytes(point.signature).hex()}, {**kept, "signature": "00" * 64}]
    earlier = path.with_name(f"alpha-{city.created_at:%Y%m%dT%H%M%S%f}.jsonl")
    earlier.write_text("".join(json.dumps({**line, "at": AT.isoformat()}) + "\n" for line in lines))

    assert [take_over_file(), take_over_file()] == [1, 0]
    assert verify_journal(now=AT).broken is None


def city_length() -> int:
    return JournalEntry.objects.count()


def grow() -> int:
    """One more entry with a checkpoint on it; its number."""
    with transaction.atomic():
        entry = record("tested", by="lin", now=AT)
    write_checkpoint(now=AT)
    return entry.seq


@contextmanager
def leave_city() -> Iterator[None]:
    """Outside any city for the block."""
    before = cast("Any", any_connection).tenant
    cast("Any", any_connection).set_schema_to_public()
    yield
    cast("Any", any_connection).set_tenant(before)


def test_the_command_says_where_and_exits_with_six(city: City, tamper: Tamper) -> None:
    out = StringIO()
    with leave_city():
        call_command("verify_journal", "--city", "alpha", stdout=out)
    assert f"{JournalEntry.objects.count()} entries" in out.getvalue()

    tamper("UPDATE journal_journalentry SET by = 'wang' WHERE seq = 9")
    with leave_city(), pytest.raises(CommandError, match="entry 9") as broken:
        call_command("verify_journal", "--city", "alpha")
    assert broken.value.returncode == 6


def test_every_command_signs_a_checkpoint_of_what_it_added(city: City, tamper: Tamper) -> None:
    """A tail cut between two hourly checkpoints is found as well."""
    call_command("add_staff", "--city", "alpha", "wang", "--role", "auditor", stdout=StringIO())
    length = JournalEntry.objects.count()
    tamper("DELETE FROM journal_journalentry WHERE seq = %s", length)

    assert verify_journal(now=AT).broken_at == length
