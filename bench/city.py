"""A city of the size to be measured. The database fills it by SQL, which is not part of the measurement."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from codes.models import Provider
from codes.rule_sets.publish import publish
from codes.rule_sets.version_file import read_version
from regions.keys.encryption import create_keys
from regions.models import City
from regions.schemas import create_schema
from regions.sources.models import Batch, Source
from regions.tenancy import as_owner, in_city

RULES = Path(__file__).resolve().parent.parent / "cities" / "rules"


@dataclass(frozen=True)
class Size:
    """``people`` are registered with both providers; ``with_facts`` of them have facts, and half of those check in.

    ``told_to_both`` of 100 events are recorded by both sources, the others by one; a smaller share causes more disagreements.
    """

    people: int
    with_facts: int
    facts_each: float = 2.3
    told_to_both: int = 92

    @property
    def events(self) -> int:
        """The number of events. Each is one fact or two, so that everybody with facts has ``facts_each`` on average."""
        return int(self.with_facts * self.facts_each / (1 + self.told_to_both / 100))


# What is joined is a step of its own, which a cluster answers on the city's node (``docs/adr/0075-citus.md``).
FILL = """
INSERT INTO codes_citizen (ref, id_type, id_hash, id_encrypted, full_name, known_since)
SELECT 'B' || n, '10', int8send(n), '\\x00', '', %(long_ago)s FROM generate_series(1, %(people)s::bigint) AS n;

WITH one AS MATERIALIZED (SELECT c.id AS citizen_id, p.id AS provider_id FROM codes_citizen c CROSS JOIN codes_provider p)
INSERT INTO codes_registration (citizen_id, provider_id, registered_at)
SELECT citizen_id, provider_id, %(long_ago)s FROM one;

WITH one AS MATERIALIZED (
    SELECT (SELECT min(id) FROM codes_citizen) + (n %% %(with_facts)s) * (%(people)s / %(with_facts)s) AS citizen_id,
           s.id AS source_id, n, (%(kinds)s::text[])[1 + (dice.kind %% %(number_of_kinds)s)] AS kind, dice.days_ago %% 40 AS days_ago
    FROM generate_series(1, %(events)s::bigint) AS n
    CROSS JOIN LATERAL (SELECT hashint8(n * 31) & 2147483647 AS kind, hashint8(n * 7) & 2147483647 AS days_ago,
                               hashint8(n * 13) & 2147483647 AS sources) dice
    JOIN sources_source s ON dice.sources %% 100 < %(told_to_both)s OR (s.code = 'police') = (dice.sources %% 2 = 0)
)
INSERT INTO codes_fact (citizen_id, origin, source_id, record_id, version, superseded, revoked, kind, area, started_on, ended_on,
                        recorded_at, received_at, detail)
SELECT citizen_id, 'source', source_id, 'r' || n, 1, false, false, kind,
       '350500', %(day)s::date - days_ago, %(day)s::date - days_ago,
       %(now)s - interval '1 day' * days_ago - interval '2 hours', %(now)s - interval '1 hour', '{}'
FROM one;

WITH one AS MATERIALIZED (
    SELECT c.citizen_id, p.id AS provider_id
    FROM (SELECT DISTINCT citizen_id FROM codes_fact) c CROSS JOIN codes_provider p
    WHERE hashint8(c.citizen_id) & 1 = 0
)
INSERT INTO codes_checkindays (citizen_id, provider_id, days, complete_at)
SELECT citizen_id, provider_id,
       CASE WHEN (citizen_id + provider_id) %% 3 = 0
            THEN datemultirange(daterange(%(day)s::date - 30, %(day)s::date - 9), daterange(%(day)s::date - 7, %(day)s::date))
            ELSE datemultirange(daterange(%(day)s::date - 18, %(day)s::date)) END,
       %(now)s - interval '1 hour'
FROM one;
"""

# Twice as many stays as any other kind; the two rule sets hold most of these alike for a fortnight and differ after it.
KINDS = [
    "close_contact", "area_stay", "arrival", "overseas_arrival", "area_stay", "spacetime_overlap", "co_traveller",
    "negative_test", "contact_excluded", "isolation_completed", "secondary_contact",
]  # fmt: skip


def build(schema: str, size: Size, *, now: datetime) -> None:
    """Create the city ``schema`` of this size, with two providers, two sources and the shipped national and Sichuan-like rules."""
    with as_owner(), transaction.atomic():
        city = City(schema_name=schema, name_zh=schema, name_en=schema, division="510100", created_at=now)
        city.save()  # type: ignore[no-untyped-call]  # django-tenants has no types
        create_schema(city)
    with in_city(schema), transaction.atomic():
        create_keys(now=now)
        _settings(now=now)
        values: dict[str, Any] = {
            "people": size.people,
            "with_facts": size.with_facts,
            "events": size.events,
            "told_to_both": size.told_to_both,
            "kinds": KINDS,
            "number_of_kinds": len(KINDS),
            "now": now,
            "day": now.date(),
            "long_ago": now - timedelta(days=400),
        }
        with connection.cursor() as cursor:
            cursor.execute(FILL, values)
    analyse(schema)


def drop(schema: str) -> None:
    """Drop the city."""
    with as_owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        City.objects.filter(schema_name=schema).delete()


def analyse(schema: str) -> None:
    """Vacuum and analyse the city's tables, as autovacuum would have done by now."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        for (table,) in cursor.fetchall():
            cursor.execute(f'VACUUM ANALYZE "{schema}"."{table}"')


def _settings(*, now: datetime) -> None:
    received = now - timedelta(hours=1)
    for code, rule_set, provider, behind in (("bigdata", "national", "alipay", 0), ("police", "sichuan", "wechat", 4)):
        source = Source.objects.create(
            code=code, kind="police_database", title_zh=code, title_en=code, max_age_hours=26
        )
        Batch.objects.create(
            source=source,
            state="accepted",
            as_of=received - timedelta(hours=behind),
            started_at=received,
            received_at=received,
            closed_at=received,
        )
        version, _ = publish(read_version(RULES / f"{rule_set}-1.toml"), by="bench", now=received)
        Provider.objects.create(
            code=provider, title_zh=provider, title_en=provider, source=source, rule_set=version.rule_set
        )
