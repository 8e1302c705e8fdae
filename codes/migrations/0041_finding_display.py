"""Providers are told what they display wrongly, in the transaction in which it is found."""

from django.db import migrations, models

TELL_OF_DISPLAYS = """
-- Only whoever displays it is told.
CREATE FUNCTION codes_tell_of_displays() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT SET timezone = 'UTC' AS $body$
BEGIN
    IF EXISTS (SELECT FROM codes_webhook w WHERE w.state IN ('active', 'paused') AND w.events ? 'finding.display') THEN
        PERFORM codes_tell_webhooks('finding.display', array_agg(f.citizen_id ORDER BY m.id),
            array_agg(jsonb_build_object('what', m.what, 'cause', m.cause, 'value', f.value, 'colour', nullif(f.colour, ''),
                                         'expected', f.expected, 'shown_at', f.shown_at) ORDER BY m.id),
            array_agg(false ORDER BY m.id), array_agg(f.provider_id ORDER BY m.id))
        FROM made m JOIN codes_displayfinding f ON f.id = m.finding_id;
    END IF;
    RETURN NULL;
END
$body$
"""
TRIGGER = """
CREATE TRIGGER tell_webhooks AFTER INSERT ON codes_displaychange REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION codes_tell_of_displays()
"""
EVENTS = [
    ("code.changed", "Somebody's colour has changed"),
    ("case.opened", "A case was opened"),
    ("case.decided", "A case has ended"),
    ("finding.display", "Another colour is displayed than should be, or no longer is"),
    ("alarm.raised", "The portal raised an alarm"),
]


class Migration(migrations.Migration):
    dependencies = [("codes", "0038_displayed_colours")]

    operations = [
        migrations.RemoveConstraint(model_name="webhook", name="webhook_is_told_what_is_its_owners"),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.CheckConstraint(
                condition=~models.Q(events=[])
                & (
                    models.Q(
                        provider__isnull=False,
                        events__contained_by=["code.changed", "case.opened", "case.decided", "finding.display"],
                    )
                    | models.Q(provider__isnull=True, events__contained_by=["alarm.raised"])
                ),
                name="webhook_is_told_what_is_its_owners",
            ),
        ),
        migrations.AlterField(
            model_name="webhookdelivery", name="event", field=models.TextField(choices=EVENTS)
        ),
        migrations.RunSQL(
            [TELL_OF_DISPLAYS, TRIGGER],
            ["DROP TRIGGER tell_webhooks ON codes_displaychange", "DROP FUNCTION codes_tell_of_displays()"],
        ),
    ]
