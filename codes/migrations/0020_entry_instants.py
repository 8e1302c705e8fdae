from django.db import migrations, models
from django.db.models import F, Q

# Check-ins had no submitted_at of their own: what is known is when the city received them.
INSTANTS = """
UPDATE codes_entry e
SET instant = least(e.submitted_at, e.received_at),
    late = e.type = 'check_in' AND e.healthy
           AND (e.received_at AT TIME ZONE city.timezone)::date NOT BETWEEN e.day AND e.day + 1
FROM public.regions_city city WHERE city.schema_name = current_schema()
"""

# A healthy check-in that is not late revokes the symptoms of earlier check-ins of its day.
REVOKE = """
WITH revoked AS (
    UPDATE codes_fact f SET superseded = true
    FROM codes_entry sick
    WHERE f.origin = 'provider' AND f.kind = 'symptom' AND NOT f.superseded AND NOT f.revoked
      AND sick.type = 'check_in' AND NOT sick.healthy
      AND sick.provider_id = f.provider_id AND f.record_id = sick.entry_id || '/symptom'
      AND EXISTS (SELECT FROM codes_entry well
                  WHERE well.citizen_id = sick.citizen_id AND well.provider_id = sick.provider_id
                    AND well.type = 'check_in' AND well.day = sick.day AND well.healthy AND NOT well.late
                    AND (well.instant, well.id) > (sick.instant, sick.id))
    RETURNING f.*
)
INSERT INTO codes_fact (citizen_id, origin, source_id, provider_id, record_id, version, superseded, revoked, kind, area,
                        started_on, ended_on, recorded_at, received_at, detail, batch_id, digest)
SELECT citizen_id, origin, source_id, provider_id, record_id, version + 1, false, true, kind, area,
       started_on, ended_on, now(), now(), detail, batch_id, digest
FROM revoked
"""

DAYS = """
DELETE FROM codes_checkindays;
INSERT INTO codes_checkindays (citizen_id, provider_id, days, complete_at)
SELECT citizen_id, provider_id, range_agg(daterange(day, day, '[]')), max(received_at)
FROM (SELECT DISTINCT ON (citizen_id, provider_id, day) citizen_id, provider_id, day, healthy, received_at
      FROM codes_entry WHERE type = 'check_in' AND NOT late
      ORDER BY citizen_id, provider_id, day, instant DESC, id DESC) last
WHERE healthy
GROUP BY citizen_id, provider_id
"""


class Migration(migrations.Migration):
    dependencies = [("codes", "0019_names_and_phones")]

    operations = [
        migrations.RemoveConstraint("entry", "entry_has_the_fields_of_its_type"),
        migrations.RemoveIndex("entry", "entry_declarations"),
        migrations.AddField("entry", "instant", models.DateTimeField(help_text="submitted_at or received_at, whichever is earlier", null=True)),
        migrations.AddField("entry", "late", models.BooleanField(default=False, help_text="healthy, submitted after the day after its day: counts for nothing")),
        migrations.AlterField("entry", "submitted_at", models.DateTimeField(help_text="as the provider says", null=True)),
        migrations.RunSQL([INSTANTS, REVOKE, DAYS], migrations.RunSQL.noop),
        # The rows written here have events on them: PostgreSQL alters the table only once those have run.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED", migrations.RunSQL.noop),
        migrations.AlterField("entry", "instant", models.DateTimeField(help_text="submitted_at or received_at, whichever is earlier")),
        migrations.AddIndex("entry", models.Index(fields=["citizen", "provider", "instant"], condition=Q(type="declaration"), name="entry_declarations")),
        migrations.AddConstraint("entry", models.CheckConstraint(
            condition=Q(type="declaration", submitted_at__isnull=False, day__isnull=True, healthy__isnull=True) | Q(type="check_in", day__isnull=False, healthy__isnull=False),
            name="entry_has_the_fields_of_its_type",
        )),
        migrations.AddConstraint("entry", models.CheckConstraint(
            condition=Q(instant__lte=F("received_at")) & (Q(submitted_at__isnull=True) | Q(instant__lte=F("submitted_at"))),
            name="entry_is_of_no_instant_after_its_receipt",
        )),
        migrations.AddConstraint("entry", models.CheckConstraint(condition=Q(late=False) | Q(type="check_in", healthy=True), name="only_a_healthy_check_in_is_late")),
    ]
