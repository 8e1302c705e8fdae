"""From an accepted batch to citizens and facts, in a few statements over the whole of it."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from codes.intake.citizens import REF_LETTERS, hold_intake
from regions.sources.batches import close_accepted
from regions.sources.models import Batch

# Of the 16 random bytes of a UUID, those that hold no version or variant bits; five bits of each make a letter.
NEW_CITIZENS = f"""
    INSERT INTO codes_citizen (ref, id_type, id_hash, id_encrypted, full_name, known_since)
    SELECT 'C' || (SELECT string_agg(substr('{REF_LETTERS}', (get_byte(noise, place) & 31) + 1, 1), '')
                   FROM unnest(ARRAY[0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14]) AS place),
           id_type, id_hash, id_encrypted, full_name, %(now)s
    FROM (SELECT first.*, uuid_send(gen_random_uuid()) AS noise
          FROM (SELECT DISTINCT ON (id_hash) id_type, id_hash, id_encrypted, full_name
                FROM sources_stagedrecord WHERE batch_id = %(batch)s ORDER BY id_hash, recorded_at DESC) first
          WHERE NOT EXISTS (SELECT FROM codes_citizen known WHERE known.id_hash = first.id_hash)) unknown
    ORDER BY id_hash
    ON CONFLICT (id_hash) DO NOTHING
"""  # noqa: S608 - the only part put in is our own alphabet

# A name that nobody declared yet is taken from the source.
MISSING_NAMES = """
    UPDATE codes_citizen c SET full_name = s.full_name
    FROM (SELECT DISTINCT ON (id_hash) id_hash, full_name FROM sources_stagedrecord
          WHERE batch_id = %(batch)s AND full_name <> '' ORDER BY id_hash, recorded_at DESC) s
    WHERE c.id_hash = s.id_hash AND c.full_name = ''
"""

# Within a batch the rows of a record stand in the order of recorded_at and the last one is its state. That is stored
# unless it is the state the city holds already; an earlier row is stored unless the city ever held it, and then the
# last one after it.
NEW_VERSIONS = """
    WITH delivered AS MATERIALIZED (
        SELECT DISTINCT ON (record_id, recorded_at)
               record_id, id_hash, kind, area, started_on, ended_on, recorded_at, revoked, detail, digest
        FROM sources_stagedrecord
        WHERE batch_id = %(batch)s
        ORDER BY record_id, recorded_at, line
    ),
    placed AS MATERIALIZED (
        SELECT d.*, lead(d.recorded_at) OVER (PARTITION BY d.record_id ORDER BY d.recorded_at) IS NULL AS is_last,
               h.id AS held_id, h.version AS held_version, h.digest AS held_digest
        FROM delivered d
        LEFT JOIN codes_fact h ON h.source_id = %(source)s AND h.provider_id IS NULL AND h.record_id = d.record_id
                              AND NOT h.superseded
    ),
    judged AS MATERIALIZED (
        SELECT p.*,
               CASE WHEN is_last THEN held_digest IS DISTINCT FROM digest
                    ELSE NOT EXISTS (SELECT FROM codes_fact f
                                     WHERE f.source_id = %(source)s AND f.provider_id IS NULL
                                       AND f.record_id = p.record_id AND f.digest = p.digest)
               END AS is_new
        FROM placed p
    ),
    fresh AS MATERIALIZED (
        SELECT j.*, row_number() OVER (PARTITION BY record_id ORDER BY recorded_at) AS step
        FROM (SELECT judged.*, bool_or(is_new) OVER (PARTITION BY record_id) AS any_new FROM judged) j
        WHERE is_new OR is_last AND any_new
    ),
    stored AS (
        INSERT INTO codes_fact (citizen_id, origin, source_id, record_id, version, superseded, revoked, kind, area,
                                started_on, ended_on, recorded_at, received_at, detail, batch_id, digest)
        SELECT c.id, 'source', %(source)s, f.record_id, coalesce(f.held_version, 0) + f.step, NOT f.is_last, f.revoked,
               f.kind, f.area, f.started_on, f.ended_on, f.recorded_at, %(now)s, f.detail, %(batch)s, f.digest
        FROM fresh f
        JOIN codes_citizen c ON c.id_hash = f.id_hash
        RETURNING 1
    ),
    outdated AS (
        UPDATE codes_fact SET superseded = true
        WHERE id IN (SELECT held_id FROM fresh WHERE is_last AND held_id IS NOT NULL)
    )
    SELECT count(*), (SELECT count(*) FROM fresh) FROM stored
"""


def accept(batch: Batch, *, by: str, now: datetime) -> None:
    """Make facts of the batch's staged records and move the source's horizon, all in one transaction."""
    values: dict[str, Any] = {"batch": batch.pk, "source": batch.source_id, "now": now}
    with transaction.atomic():
        hold_intake()
        with connection.cursor() as cursor:
            cursor.execute(NEW_CITIZENS, values)
            cursor.execute(MISSING_NAMES, values)
            cursor.execute(NEW_VERSIONS, values)
            stored, wanted = cursor.fetchone()
        if stored != wanted:
            raise RuntimeError(f"batch {batch.pk}: {stored} of {wanted} versions found their citizen")
        close_accepted(batch, accepted=stored, by=by, now=now)
