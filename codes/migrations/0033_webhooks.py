"""Webhooks, and the triggers that put down what is to be told in the transaction of what it tells of."""

import django.db.models.deletion
from django.db import migrations, models


TELL = """
-- One row for each active webhook of the providers who know the person: `providers`, or all the person is registered with. The
-- person is called by the entry id of their first declaration with the provider, its own rather than the portal's number of one
-- that was typed here. Whom the provider has no word for, it is told nothing of.
CREATE FUNCTION codes_tell_webhooks(what text, citizens bigint[], said jsonb[], are_urgent boolean[], providers bigint[] DEFAULT NULL)
RETURNS void LANGUAGE sql SET search_path FROM CURRENT AS $body$
    WITH made AS (
        INSERT INTO codes_webhookdelivery (event_id, webhook_id, event, person, data, urgent, made_at, next_at, give_up_at)
        SELECT gen_random_uuid(), w.id, what, own.reference, one.said, one.urgent, now(), now(), now() + interval '24 hours'
        FROM unnest(citizens, said, are_urgent, providers) WITH ORDINALITY AS one(citizen_id, said, urgent, provider_id, place)
        JOIN codes_registration r ON r.citizen_id = one.citizen_id AND r.provider_id = coalesce(one.provider_id, r.provider_id)
        JOIN codes_webhook w ON w.provider_id = r.provider_id AND w.state IN ('active', 'paused') AND w.events ? what
        CROSS JOIN LATERAL (
            SELECT e.entry_id AS reference FROM codes_entry e
            WHERE e.citizen_id = r.citizen_id AND e.provider_id = r.provider_id AND e.type = 'declaration'
            ORDER BY e.entry_id ~ '^B[0-9]{8}-[0-9A-Z]{8}$', e.instant, e.id LIMIT 1
        ) own
        ORDER BY one.place, w.id
        RETURNING webhook_id, person, urgent
    )
    -- What waits for the same person goes first, so it is as urgent.
    UPDATE codes_webhookdelivery earlier SET urgent = true
    FROM made WHERE made.urgent AND NOT earlier.urgent AND earlier.state = 'waiting'
                AND earlier.webhook_id = made.webhook_id AND earlier.person = made.person
$body$
"""
TELL_OF_CODES = """
CREATE FUNCTION codes_tell_of_codes() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT SET timezone = 'UTC' AS $body$
BEGIN
    IF EXISTS (SELECT FROM codes_webhook w WHERE w.state IN ('active', 'paused') AND w.events ? 'code.changed') THEN
        PERFORM codes_tell_webhooks('code.changed', array_agg(m.citizen_id ORDER BY m.id),
            array_agg(jsonb_build_object('colour', m.after, 'before', m.before, 'because', m.after_because, 'since', m.since)
                      ORDER BY m.id),
            array_agg(m.run_id IS NULL ORDER BY m.id))
        FROM made m WHERE m.before <> m.after;
    END IF;
    RETURN NULL;
END
$body$
"""
TELL_OF_CASES = """
CREATE FUNCTION codes_tell_of_cases() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
BEGIN
    IF NOT EXISTS (SELECT FROM codes_webhook w WHERE w.state IN ('active', 'paused')
                   AND w.events ?| ARRAY['case.opened', 'case.decided']) THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM codes_tell_webhooks('case.opened', array_agg(m.citizen_id ORDER BY m.id),
            array_agg(jsonb_build_object('case', m.number, 'kind', m.kind, 'state', m.state) ORDER BY m.id),
            array_agg(m.opened_run_id IS NULL ORDER BY m.id))
        FROM made m;
    ELSE
        PERFORM codes_tell_webhooks('case.decided', array_agg(a.citizen_id ORDER BY a.id),
            array_agg(jsonb_build_object('case', a.number, 'kind', a.kind, 'state', a.state) ORDER BY a.id),
            array_agg(a.state <> 'converged' ORDER BY a.id))
        FROM after a JOIN before b ON b.id = a.id WHERE b.closed_at IS NULL AND a.closed_at IS NOT NULL;
    END IF;
    RETURN NULL;
END
$body$
"""
TELL_OF_ALARMS = """
-- Without its key, which may be somebody's user name: whoever may know it reads it in the portal.
CREATE FUNCTION codes_tell_of_alarms() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $body$
BEGIN
    INSERT INTO codes_webhookdelivery (event_id, webhook_id, event, person, data, urgent, made_at, next_at, give_up_at)
    SELECT gen_random_uuid(), w.id, 'alarm.raised', '',
           jsonb_build_object('alarm', m.id, 'severity', m.severity, 'kind', m.kind, 'colour', m.colour,
                              'people', m.figures->'people', 'expected', m.figures->'expected', 'window', m.figures->'window'),
           true, now(), now(), now() + interval '24 hours'
    FROM made m JOIN codes_webhook w ON w.provider_id IS NULL AND w.state IN ('active', 'paused') AND w.events ? 'alarm.raised'
    ORDER BY m.id, w.id;
    RETURN NULL;
END
$body$
"""
TRIGGERS = """
CREATE TRIGGER tell_webhooks AFTER INSERT ON codes_effectivechange REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION codes_tell_of_codes();
CREATE TRIGGER tell_webhooks_opened AFTER INSERT ON codes_case REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION codes_tell_of_cases();
CREATE TRIGGER tell_webhooks_ended AFTER UPDATE ON codes_case REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION codes_tell_of_cases();
CREATE TRIGGER tell_webhooks AFTER INSERT ON codes_alarm REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION codes_tell_of_alarms();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('codes', '0032_gate_devices'),
    ]

    operations = [
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fence', models.IntegerField(default=0)),
                ('lease_until', models.DateTimeField(null=True)),
                ('attempts', models.IntegerField(default=0)),
                ('reason', models.TextField(blank=True)),
                ('proposed_by', models.TextField()),
                ('proposed_at', models.DateTimeField()),
                ('decided_by', models.TextField(blank=True, db_default='', default='')),
                ('decided_at', models.DateTimeField(null=True)),
                ('decision_reason', models.TextField(blank=True, db_default='', default='')),
                ('address', models.TextField()),
                ('events', models.JSONField()),
                ('state', models.TextField(choices=[('proposed', 'Waits for a second person'), ('active', 'Active'), ('paused', 'Paused'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn'), ('ended', 'Removed')], default='proposed')),
                ('failures', models.IntegerField(db_default=0, default=0, help_text='how often in a row nothing was answered')),
                ('resume_at', models.DateTimeField(help_text='nothing is sent before: nothing was answered', null=True)),
                ('provider', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='webhooks', to='codes.provider')),
            ],
        ),
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.UUIDField(unique=True)),
                ('event', models.TextField(choices=[('code.changed', "Somebody's colour has changed"), ('case.opened', 'A case was opened'), ('case.decided', 'A case has ended'), ('alarm.raised', 'The portal raised an alarm')])),
                ('person', models.TextField(blank=True)),
                ('data', models.JSONField()),
                ('urgent', models.BooleanField(help_text='what a person decided goes before what a run changed')),
                ('made_at', models.DateTimeField()),
                ('state', models.TextField(choices=[('waiting', 'Waits'), ('delivered', 'Delivered'), ('dead', 'Given up'), ('superseded', 'Overtaken')], db_default='waiting', default='waiting')),
                ('attempts', models.IntegerField(db_default=0, default=0)),
                ('next_at', models.DateTimeField()),
                ('give_up_at', models.DateTimeField()),
                ('tried_at', models.DateTimeField(null=True)),
                ('status', models.IntegerField(help_text='of the last answer', null=True)),
                ('fault', models.TextField(blank=True, db_default='', default='', help_text='why the last attempt had none')),
                ('webhook', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='codes.webhook')),
            ],
        ),
        migrations.AddConstraint(
            model_name='webhook',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'active', 'paused', 'refused', 'withdrawn', 'ended'])), name='webhook_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='webhook',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['proposed', 'active', 'paused', 'refused', 'withdrawn', 'ended']), _negated=True), models.Q(('decided_at__isnull', True), ('decided_by', ''), ('state__in', ['proposed'])), models.Q(('decided_at__isnull', False), ('state__in', ['active', 'paused', 'refused', 'withdrawn', 'ended']), models.Q(('decided_by', ''), _negated=True)), _connector='OR'), name='webhook_is_decided_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='webhook',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'withdrawn'), ('decided_by', ''), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='webhook_proposer_is_not_approver'),
        ),
        migrations.AddConstraint(
            model_name='webhook',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', ''), _negated=True), models.Q(('reason', ''), _negated=True)), name='webhook_has_proposer_and_reason'),
        ),
        migrations.AddConstraint(
            model_name='webhook',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('events', []), _negated=True), models.Q(models.Q(('events__contained_by', ['code.changed', 'case.opened', 'case.decided']), ('provider__isnull', False)), models.Q(('events__contained_by', ['alarm.raised']), ('provider__isnull', True)), _connector='OR')), name='webhook_is_told_what_is_its_owners'),
        ),
        migrations.AddConstraint(
            model_name='webhook',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['proposed', 'active', 'paused'])), fields=('provider', 'address'), name='one_webhook_per_owner_and_address', nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['webhook', 'person', 'id'], name='delivery_heads'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['webhook', '-urgent', 'id'], name='delivery_queue'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(fields=['webhook', 'id'], name='delivery_list'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(fields=['made_at'], name='delivery_age'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'delivered', 'dead', 'superseded'])), name='delivery_state_is_known'),
        ),
        migrations.RunSQL([TELL, TELL_OF_CODES, TELL_OF_CASES, TELL_OF_ALARMS, TRIGGERS], migrations.RunSQL.noop),
    ]
