"""``./run bench journal``: a long journal verified, against SHA-256 over the same bytes and nothing else."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from bench import report
from bench.a_city import SCHEMA, a_city, say
from bench.city import Size
from bench.clock import Watch, typical, watch
from bench.memory import peak_of_this_process
from bench.rounds import BenchFailed
from regions.copying import copy_rows
from regions.journal.checkpoints import checkpoint_file, write_checkpoint
from regions.journal.models import JournalEntry
from regions.journal.record import digest_of
from regions.journal.verify import ENTRIES, ENTRIES_AT_ONCE, verify_journal
from regions.tenancy import in_city

SECONDS = 60
OF = 1_000_000
MEMORY = 300
# A city of many officials writes some hundred entries a minute, and a checkpoint a minute.
A_CHECKPOINT = 200
COLUMNS = ("seq", "at", "by", "verb", "subject", "data", "rows", "previous", "digest")


def main(*, entries: int, rounds: int) -> None:
    """Measure and write the results."""
    with a_city(Size(1000, 100)), in_city(SCHEMA):
        say(f"writing {entries:,} entries …")
        checkpoint_file().unlink(missing_ok=True)  # of an earlier city of this name
        _fill(entries)
        ours, bare = [], []
        for _ in range(rounds):
            ours.append(_verified(entries))
            bare.append(_hashed())
            say(f"  verified in {ours[-1].seconds:.1f} s, hashed in {bare[-1].seconds:.1f} s")
    _write(entries, typical(ours), typical(bare), peak_of_this_process())


def _fill(entries: int) -> None:
    """Write this number of realistic entries after those of the city's creation, with a checkpoint after each minute's."""
    now = timezone.now()
    acts = _acts(entries, now=now)
    while some := list(islice(acts, A_CHECKPOINT)):
        with transaction.atomic():
            copy_rows(
                JournalEntry._meta.db_table,
                COLUMNS,
                ([getattr(one, name) for name in COLUMNS] for one in some),
            )
        write_checkpoint(now=now)


def _acts(entries: int, *, now: datetime) -> Iterator[JournalEntry]:
    last = JournalEntry.objects.order_by("-seq").first()
    seq, previous = (last.seq, bytes(last.digest)) if last else (0, bytes(32))
    for number in range(seq + 1, entries + 1):
        one = JournalEntry(seq=number, at=now + timedelta(microseconds=number), previous=previous, **_act(number))
        one.digest = previous = digest_of(one)
        yield one


def _act(number: int) -> dict[str, Any]:
    """Return the content of an entry: a case decided with its ruling, a partition judged, or a delivery accepted."""
    match number % 10:
        case 0:
            counts: dict[str, Any] = {
                "subjects": 20_000,
                "held": 812,
                "changed": 97,
                "turned_red": 11,
                "turned_green": 35,
            }
            digest = hashlib.sha256(str(number).encode()).hexdigest()
            return {
                "by": "system",
                "verb": "partition.judged",
                "subject": f"run:7/{number}",
                "data": {**counts, "digest": digest},
            }
        case 1:
            data: dict[str, Any] = {
                "batch": number,
                "delivered": 1000,
                "accepted": 37,
                "unchanged": 961,
                "quarantined": 2,
            }
            return {"by": "system", "verb": "batch.accepted", "subject": "source:police", "data": data}
    case_number = f"D20261124-{number % 1_000_000:06}"
    data = {
        "number": case_number,
        "from": "proposed",
        "to": "decided",
        "ruling": number,
        "colour": "green",
        "before": "red",
    }
    changed = {"state": "approved", "decided_by": "王芳", "decided_at": "2026-11-24T02:00:00+00:00"}
    before = {"state": "proposed", "decided_by": "", "decided_at": None}
    rows = [{"table": "codes_ruling", "ids": [number], "old": before, "new": changed}]
    return {"by": "王芳", "verb": "case.approved", "subject": f"case:{case_number}", "data": data, "rows": rows}


def _verified(entries: int) -> Watch:
    with watch() as counted:
        found = verify_journal(now=timezone.now())
    if found.broken is not None or found.entries != entries:
        raise BenchFailed(f"the journal is not what was written: {found}")
    return counted


def _hashed() -> Watch:
    """Measure reading and hashing the entries, which no verification can avoid."""
    digest = hashlib.sha256()
    with watch() as counted, connection.chunked_cursor() as cursor:
        cursor.execute(ENTRIES)
        while some := cursor.fetchmany(ENTRIES_AT_ONCE):
            for _seq, at, by, verb, subject, data, rows, previous, _digest in some:
                digest.update(f"{at}{by}{verb}{subject}{data}{rows}".encode())
                digest.update(previous)
    return counted


def _write(entries: int, ours: Watch, bare: Watch, peak: float) -> None:
    promises = [
        report.promise(f"{OF:,} entries, in seconds (at most {SECONDS})", ours.seconds * OF / entries, SECONDS),
        report.promise(f"memory of the process, in MiB (at most {MEMORY})", peak, MEMORY),
    ]
    rows = [
        [
            name,
            report.seconds(one.seconds),
            report.micro(one.seconds / entries),
            report.seconds(one.processor),
            f"{one.seconds / bare.seconds:.1f}",
        ]
        for name, one in (
            ("this portal: chain, digests and checkpoints", ours),
            ("the same rows read and hashed", bare),
        )
    ]
    page = report.write(
        "journal",
        f"A journal of {entries:,} entries verified",
        [
            f"A signed checkpoint stands after every {A_CHECKPOINT} entries; each signature is checked.\n",
            report.table(["promise", "measured", "kept"], promises),
            report.table(["", "time", "an entry", "processor", "× hashed"], rows),
        ],
    )
    say(f"written to bench/results/{page.name}")
