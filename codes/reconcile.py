"""Compare the database with the journal: roles, rulings, suppressions, settings, rule sets, the verdicts of every run, and codes.

``regions.journal.playback`` compares rows in general; this module adds what is specific to codes.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from codes.effective import misstated_codes
from codes.models import RuleSetVersion, Run
from codes.rule_sets.drafts import content_of
from codes.rule_sets.version_file import digests, judged
from codes.runs.due import engine
from regions.accounted import Row, accounted_models, standing_rows
from regions.journal.models import JournalEntry
from regions.journal.playback import Difference, Unaccounted, play, tables_here
from regions.models import City, Domain
from regions.retention.sweeping import SWEPT
from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")
JUDGED, AMENDED, JOINED, PERSON_JOINED = "partition.judged", "run.mended", "verdicts.joined", "person.joined"
DIGESTS = compose(SQL, "digests")
OF_PARTITIONS = compose(SQL, "of_partitions", digests=DIGESTS)
OF_RUN = compose(SQL, "of_run", digests=DIGESTS)
OF_JOINED = compose(SQL, "of_joined", digests=DIGESTS)
WITH_CHANGES = compose(SQL, "with_changes")
STANDING = compose(SQL, "standing")
EMPTY = hashlib.sha256(b"").hexdigest()

Stood = Mapping[str, Mapping[int, Row]]


@dataclass
class JournalledRun:
    """The changes of a run according to the journal, as (entry, digest).

    ``parts`` has them by partition. ``whole`` covers the entire run and takes precedence: it is set for an amending run, and for a
    run of which people were joined or changes swept since.
    """

    parts: dict[int | None, tuple[int, str]] = field(default_factory=dict)
    whole: tuple[int, str] | None = None


def settings_of(city: City) -> dict[str, dict[int, Row]]:
    """Return the city's rows in ``public``. Call before entering the city, whose own role cannot read them."""
    cities, hosts = dict(standing_rows(City)), dict(standing_rows(Domain))
    of_city = {key: row for key, row in hosts.items() if row["tenant_id"] == city.pk}
    return {City._meta.db_table: {city.pk: cities[city.pk]}, Domain._meta.db_table: of_city}


def reconcile(settings: Stood) -> Iterator[Difference]:
    """Play back the current city's journal and yield every difference from the database. ``settings`` is from ``settings_of``."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:  # a simultaneous change is seen together with its journal entry, or not at all
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        played = play()
        yield from played.differences
        for table in tables_here():
            yield from played.against(table, standing_rows(accounted_models()[table]))
        for table, rows in settings.items():
            yield from played.against(table, iter(rows.items()))
        yield from _versions()
        yield from _runs()
        yield from _standing()
        yield from _codes()


def digests_of_joined(kept: Collection[int]) -> dict[str, str]:
    """Return run → digest of all its changes, for each run with changes of these people. For the journal entry about their joining."""
    return {str(run): digest for run, _, digest, _ in _rows(OF_JOINED, kept=list(kept))}


def digests_of_runs(runs: Collection[int]) -> dict[str, str]:
    """Return run → digest of its changes that are still stored. For the journal entry about a sweep."""
    return {str(run): digest for run in runs for _, digest, _ in _rows(OF_RUN, run=run)}


def _versions() -> Iterator[Difference]:
    """Yield the versions whose rules and risk areas do not have the digest with which the version was published."""
    for version in RuleSetVersion.objects.select_related("rule_set").order_by("pk"):
        content, _ = judged(content_of(version))
        if content is None or version.digest not in digests(content):
            yield Difference(Unaccounted.OTHER_CONTENT, {"place": f"rule_set:{version}"})


def _runs() -> Iterator[Difference]:
    recorded = _journalled_runs()
    changed = dict(_rows(WITH_CHANGES))
    for run in sorted(changed.keys() - recorded.keys()):
        yield Difference(Unaccounted.NO_ENTRY, {"place": f"run:{run}", "rows": changed[run]})
    for run, of_run in sorted(recorded.items()):
        if of_run.whole is not None:
            ((rows, *digests),) = _rows(OF_RUN, run=run)
            if of_run.whole[1] not in digests:
                parts = {"place": f"run:{run}", "rows": rows, "entry": of_run.whole[0]}
                yield Difference(Unaccounted.OTHER_DIGEST, parts)
        else:
            yield from _partitions(run, of_run.parts)


def _partitions(run: int, told: Mapping[int | None, tuple[int, str]]) -> Iterator[Difference]:
    stored = {number: rest for number, *rest in _rows(OF_PARTITIONS, run=run)}
    for number in sorted(told.keys() | stored.keys(), key=lambda one: (one is None, one or 0)):
        place = f"run:{run}/{number}" if number is not None else f"run:{run}, outside its partitions,"
        rows, *digests = stored.get(number, (0, EMPTY))
        if number not in told:
            yield Difference(Unaccounted.NO_ENTRY, {"place": place, "rows": rows})
        elif told[number][1] not in digests:
            yield Difference(Unaccounted.OTHER_DIGEST, {"place": place, "rows": rows, "entry": told[number][0]})


def _journalled_runs() -> dict[int, JournalledRun]:
    found: dict[int, JournalledRun] = {}
    entries = JournalEntry.objects.filter(verb__in=[JUDGED, AMENDED, JOINED, SWEPT]).order_by("seq")
    for seq, verb, subject, data in entries.values_list("seq", "verb", "subject", "data").iterator(chunk_size=2000):
        if verb in (JOINED, SWEPT):
            for run, digest in data.get("runs", {}).items():
                found.setdefault(int(run), JournalledRun()).whole = (seq, digest)
            continue
        run, _, number = subject.removeprefix("run:").partition("/")
        of_run = found.setdefault(int(run), JournalledRun())
        if verb == AMENDED:
            of_run.whole = (seq, data["digest"])
        else:
            of_run.parts[int(number)] = (seq, data["digest"])
    return found


def _standing() -> Iterator[Difference]:
    for ref, provider, stored, recorded, run in _rows(STANDING, counted=list(Run.COUNTED)):
        words = (
            {"stands": stored, "told": recorded}
            if stored != recorded
            else {"stands": f"another {stored}", "told": recorded}
        )
        place = f"citizen:{ref} with {provider}" + (f" (run:{run})" if run else "")
        yield Difference(Unaccounted.OTHER_VERDICT, {"place": place, **words})


def _codes() -> Iterator[Difference]:
    """Yield the effective codes that do not follow from the verdicts and rulings, which are compared before."""
    run = Run.objects.last_settled()
    if run is None:
        return
    since = JournalEntry.objects.filter(verb=PERSON_JOINED, at__gt=run.started_at)
    joined = {subject.removeprefix("citizen:") for subject in since.values_list("subject", flat=True)}
    for one in misstated_codes(run, joined=joined, same_policy=run.engine == engine()):
        stands, follows = f"{one.colour} ({one.because})", f"{one.decided_colour} ({one.decided_because})"
        yield Difference(Unaccounted.OTHER_CODE, {"place": f"citizen:{one.citizen}", "stands": stands, "told": follows})


def _rows(statement: str, **parameters: Any) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, parameters)
        yield from cursor
