"""The tables of a new city in one step: what migrations 0001 to 0057 make of an empty schema.

A city that has some of the 57 goes on with them; they can be deleted once every installation has all of them.
"""

import datetime
import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.fields.json
from django.conf import settings
from django.db import migrations, models

import codes.models.entry
from regions.first_tables import CreateModels

# Fresh planner statistics on demand: a run fills tables faster than autovacuum looks at them. Only a table's owner may ANALYZE
# before PostgreSQL 17, so the city's role does it through a function of the owner's. A run needs to know how large they are: a tenth
# of the server's own number of rows tells it.
#
# A search path without `pg_temp` searches it first for tables and types: a domain there of the name of a type that the body casts to
# would run its check, and whatever that calls, as the owner. So the path ends in it, and the body qualifies every name, operators too.
#
# On a node of a Citus cluster tables have their shards' numbers behind their names. One of its own name is there too, always empty.
REFRESH_STATISTICS = """
CREATE FUNCTION refresh_statistics(tables pg_catalog.text[]) RETURNS pg_catalog.void
LANGUAGE plpgsql SECURITY DEFINER AS $body$
DECLARE
    named pg_catalog.text;
BEGIN
    FOR named IN SELECT DISTINCT ON (told.name) c.relname
                 FROM pg_catalog.pg_class c
                 JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
                 CROSS JOIN LATERAL (SELECT pg_catalog.regexp_replace(c.relname::pg_catalog.text, '_[0-9]{6,}$', '') AS name) told
                 WHERE n.nspname OPERATOR(pg_catalog.=) pg_catalog.current_schema() AND c.relkind OPERATOR(pg_catalog.=) 'r'
                   AND told.name OPERATOR(pg_catalog.=) ANY (tables)
                 ORDER BY told.name, pg_catalog.length(c.relname::pg_catalog.text) DESC
    LOOP
        EXECUTE pg_catalog.format('ANALYZE %I.%I', pg_catalog.current_schema(), named);
    END LOOP;
END
$body$
"""

# Cities are made by repeating these statements, so that none may name a schema by itself.
FIX_PATH = """
DO $path$
BEGIN
    EXECUTE pg_catalog.format('ALTER FUNCTION %1$I.refresh_statistics(pg_catalog.text[]) SET search_path = %1$I, pg_catalog, pg_temp '
                              'SET default_statistics_target = 10',
                              pg_catalog.current_schema());
END
$path$
"""

# Nothing is planned by the content of these columns, and sampling them is most of what ANALYZE costs. Citus cannot be told so.
UNPLANNED = """
DO $unplanned$
BEGIN
    ALTER TABLE codes_verdict ALTER COLUMN hits SET STATISTICS 0, ALTER COLUMN needs SET STATISTICS 0;
    ALTER TABLE codes_fact ALTER COLUMN detail SET STATISTICS 0, ALTER COLUMN digest SET STATISTICS 0;
    ALTER TABLE codes_disagreement ALTER COLUMN colours SET STATISTICS 0, ALTER COLUMN fingerprint SET STATISTICS 0;
    ALTER TABLE codes_pairdiagnosis ALTER COLUMN root_cause SET STATISTICS 0, ALTER COLUMN swaps_a_to_b SET STATISTICS 0,
                                    ALTER COLUMN swaps_b_to_a SET STATISTICS 0;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END
$unplanned$
"""

# A node does not join the rows of a trigger with a table, nor give ids within a query that joins: both are steps of their own.
TELL = """
CREATE FUNCTION codes_tell_webhooks(what text, citizens bigint[], said jsonb[], are_urgent boolean[],
                                    providers bigint[] DEFAULT NULL)
RETURNS void LANGUAGE sql SET search_path FROM CURRENT AS $body$
    WITH due AS MATERIALIZED (
        SELECT gen_random_uuid(), w.id AS webhook_id, what, own.reference, one.said, one.urgent, now() AS made_at, now(),
               now() + interval '24 hours'
        FROM unnest(citizens, said, are_urgent, providers) WITH ORDINALITY AS one(citizen_id, said, urgent, provider_id, place)
        JOIN codes_registration r ON r.citizen_id = one.citizen_id AND r.provider_id = coalesce(one.provider_id, r.provider_id)
        JOIN codes_webhook w ON w.provider_id = r.provider_id AND w.state IN ('active', 'paused') AND w.events ? what
        CROSS JOIN LATERAL (
            SELECT e.entry_id AS reference FROM codes_entry e
            WHERE e.citizen_id = r.citizen_id AND e.provider_id = r.provider_id AND e.type = 'declaration'
            ORDER BY e.entry_id ~ '^B[0-9]{8}-[0-9A-Z]{8}$', e.instant, e.id LIMIT 1
        ) own
        ORDER BY one.place, w.id
    ),
    made AS (
        INSERT INTO codes_webhookdelivery (event_id, webhook_id, event, person, data, urgent, made_at, next_at, give_up_at)
        SELECT * FROM due
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
DECLARE
    raised jsonb := (SELECT jsonb_agg(to_jsonb(m) ORDER BY m.id) FROM made m);
BEGIN
    INSERT INTO codes_webhookdelivery (event_id, webhook_id, event, person, data, urgent, made_at, next_at, give_up_at)
    WITH due AS MATERIALIZED (
        SELECT gen_random_uuid(), w.id, 'alarm.raised', '',
               jsonb_build_object('alarm', m->'id', 'severity', m->'severity', 'kind', m->'kind', 'colour', m->'colour',
                                  'people', m->'figures'->'people', 'expected', m->'figures'->'expected',
                                  'window', m->'figures'->'window'),
               true, now(), now(), now() + interval '24 hours'
        FROM jsonb_array_elements(raised) WITH ORDINALITY AS one(m, place)
        JOIN codes_webhook w ON w.provider_id IS NULL AND w.state IN ('active', 'paused') AND w.events ? 'alarm.raised'
        ORDER BY one.place, w.id
    )
    SELECT * FROM due;
    RETURN NULL;
END
$body$
"""
TELL_OF_DISPLAYS = """
-- Only whoever displays it is told.
CREATE FUNCTION codes_tell_of_displays() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT SET timezone = 'UTC' AS $body$
DECLARE
    changed jsonb := (SELECT jsonb_agg(to_jsonb(m) ORDER BY m.id) FROM made m);
    citizens bigint[];
    said jsonb[];
    are_urgent boolean[];
    providers bigint[];
BEGIN
    IF EXISTS (SELECT FROM codes_webhook w WHERE w.state IN ('active', 'paused') AND w.events ? 'finding.display') THEN
        SELECT array_agg(f.citizen_id ORDER BY place),
               array_agg(jsonb_build_object('what', m->'what', 'cause', m->'cause', 'value', f.value, 'colour', nullif(f.colour, ''),
                                            'expected', f.expected, 'shown_at', f.shown_at) ORDER BY place),
               array_agg(false ORDER BY place), array_agg(f.provider_id ORDER BY place)
        INTO citizens, said, are_urgent, providers
        FROM jsonb_array_elements(changed) WITH ORDINALITY AS one(m, place)
        JOIN codes_displayfinding f ON f.id = (m->>'finding_id')::bigint;
        PERFORM codes_tell_webhooks('finding.display', citizens, said, are_urgent, providers);
    END IF;
    RETURN NULL;
END
$body$
"""
# One statement at a time: Citus passes on the whole message that holds one.
TRIGGERS = [
    """
CREATE TRIGGER tell_webhooks AFTER INSERT ON codes_effectivechange REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION codes_tell_of_codes()
""",
    """
CREATE TRIGGER tell_webhooks_opened AFTER INSERT ON codes_case REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION codes_tell_of_cases()
""",
    """
CREATE TRIGGER tell_webhooks_ended AFTER UPDATE ON codes_case REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION codes_tell_of_cases()
""",
    """
CREATE TRIGGER tell_webhooks AFTER INSERT ON codes_alarm REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION codes_tell_of_alarms()
""",
    """
CREATE TRIGGER tell_webhooks AFTER INSERT ON codes_displaychange REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION codes_tell_of_displays()
""",
]


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("codes", "0001_initial"),
        ("codes", "0002_statistics"),
        ("codes", "0003_provider_keys"),
        ("codes", "0004_export_jobs"),
        ("codes", "0005_mending"),
        ("codes", "0006_rule_set_drafts"),
        ("codes", "0007_diagnosis_statistics"),
        ("codes", "0008_one_kind_of_proposal"),
        ("codes", "0009_rehearsal_attempts"),
        ("codes", "0010_root_cause"),
        ("codes", "0011_bulk_suppression"),
        ("codes", "0012_fault_codes"),
        ("codes", "0013_run_faults"),
        ("codes", "0014_version_2_keys"),
        ("codes", "0015_latest_version"),
        ("codes", "0016_versions_of_one_day"),
        ("codes", "0017_held_groups"),
        ("codes", "0018_held_colours"),
        ("codes", "0019_names_and_phones"),
        ("codes", "0020_entry_instants"),
        ("codes", "0021_no_held_runs"),
        ("codes", "0022_history_runs"),
        ("codes", "0023_stays_by_prefecture"),
        ("codes", "0024_fingerprints_by_content"),
        ("codes", "0025_standing_fingerprints"),
        ("codes", "0026_statistics_search_path"),
        ("codes", "0027_browsers_of_citizens"),
        ("codes", "0028_evidence_redrawn"),
        ("codes", "0029_sentinel"),
        ("codes", "0030_identified_exports"),
        ("codes", "0031_sentinel_counts_by_key"),
        ("codes", "0032_gate_devices"),
        ("codes", "0033_webhooks"),
        ("codes", "0034_paper_passes"),
        ("codes", "0035_api_callers"),
        ("codes", "0036_gate_scans"),
        ("codes", "0037_neighbours"),
        ("codes", "0038_displayed_colours"),
        ("codes", "0041_finding_display"),
        ("codes", "0044_kept_forms"),
        ("codes", "0039_city_corrections"),
        ("codes", "0046_second_looks"),
        ("codes", "0047_published_week"),
        ("codes", "0045_messages"),
        ("codes", "0046_case_notes"),
        ("codes", "0046_saved_filters"),
        ("codes", "0046_reply_templates"),
        ("codes", "0048_whom_a_run_judges"),
        ("codes", "0049_case_reopened_is_told"),
        ("codes", "0050_what_still_matters"),
        ("codes", "0051_scans_of_a_gate"),
        ("codes", "0052_on_a_node"),
        ("codes", "0053_prepared_diagnoses"),
        ("codes", "0054_weighed_colours"),
        ("codes", "0055_schemas_of_neighbours"),
        ("codes", "0056_read_less"),
        ("codes", "0057_explained_by_days"),
    ]

    dependencies = [
        ("sources", "0006_full_comparison"),
        ("staff", "0001_initial"),
    ]

    operations = [
        CreateModels(
            models=[
                migrations.CreateModel(
                    name='RuleSet',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.TextField(unique=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='Case',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('number', models.TextField(unique=True)),
                        ('kind', models.TextField(choices=[('disagreement', 'Disagreement'), ('suspension', 'Suspension'), ('appeal', 'Appeal'), ('correction', 'Correction')])),
                        ('state', models.TextField(default='received')),
                        ('fingerprint', models.BinaryField(null=True)),
                        ('severity', models.TextField(default='yellow', help_text='the most severe colour in it')),
                        ('opened_at', models.DateTimeField()),
                        ('due_at', models.DateTimeField()),
                        ('first_look_due_at', models.DateTimeField(help_text='only a red has one', null=True)),
                        ('first_looked_at', models.DateTimeField(null=True)),
                        ('complex_since', models.DateTimeField(help_text='set when a reviewer needed the longer time', null=True)),
                        ('paused_at', models.DateTimeField(help_text='the deadline is paused while the citizen is asked', null=True)),
                        ('escalated_at', models.DateTimeField(null=True)),
                        ('escalated_for', models.TextField(blank=True, db_default='', help_text='the deadline that passed: first_look or due')),
                        ('assigned_to', models.TextField(blank=True)),
                        ('assigned_at', models.DateTimeField(null=True)),
                        ('closed_at', models.DateTimeField(null=True)),
                        ('outcome', models.TextField(blank=True, help_text='the ruled colour, a reason code, or converged')),
                        ('answer', models.TextField(blank=True, db_default='', help_text='what the citizen is told beside the outcome')),
                        ('group_key', models.TextField(blank=True)),
                        ('follows', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='followed_by', to='codes.case')),
                        ('citizen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='codes.citizen')),
                        ('disagreement', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='codes.disagreement')),
                        ('opened_run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.run')),
                        ('lapsed_at', models.DateTimeField(null=True)),
                        ('ruling', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decided', to='codes.ruling')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['due_at', 'id'], name='case_queue'), models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['state', 'due_at', 'id'], name='case_queue_by_state'), models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['kind', 'due_at', 'id'], name='case_queue_by_kind'), models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['group_key', 'due_at', 'id'], name='case_groups'), models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['assigned_to', 'due_at', 'id'], name='case_desk'), models.Index(condition=models.Q(('closed_at__isnull', True), ('first_looked_at__isnull', True)), fields=['first_look_due_at'], name='case_first_look'), models.Index(fields=['opened_at'], name='codes_case_opened__7db75a_idx'), models.Index(condition=models.Q(('closed_at__isnull', False)), fields=['closed_at', 'id'], name='case_archive'), models.Index(condition=models.Q(('lapsed_at__isnull', True), ('state', 'decided')), fields=['citizen'], name='case_decision_stands')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('assigned_at__isnull', True), ('assigned_to', '')), models.Q(('assigned_at__isnull', False), models.Q(('assigned_to', ''), _negated=True)), _connector='OR'), name='case_assigned_at_and_to_go_together'), models.CheckConstraint(condition=models.Q(('paused_at__isnull', True), ('state', 'waiting_for_information'), _connector='OR'), name='case_clock_stands_only_while_waiting'), models.CheckConstraint(condition=models.Q(models.Q(('escalated_at__isnull', True), ('escalated_for', '')), models.Q(('escalated_at__isnull', False), ('escalated_for__in', ['first_look', 'due'])), _connector='OR'), name='escalated_case_says_for_what'), models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('citizen', 'kind'), name='one_open_case_per_citizen_and_kind'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('state__in', ['received', 'in_review', 'waiting_for_information', 'proposed'])), models.Q(('closed_at__isnull', False), ('state__in', ['decided', 'converged', 'accepted', 'partly_accepted', 'denied', 'withdrawn', 'disagreement_logged'])), _connector='OR'), name='case_is_closed_when_its_state_says_so'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'disagreement'), _negated=True), models.Q(('disagreement__isnull', False), ('fingerprint__isnull', False)), _connector='OR'), name='disagreement_case_has_its_disagreement'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'appeal'), models.Q(('state', 'decided'), _negated=True)), models.Q(models.Q(('kind', 'appeal'), _negated=True), models.Q(('state__in', ['accepted', 'partly_accepted', 'denied', 'withdrawn', 'disagreement_logged']), _negated=True)), _connector='OR'), name='case_ends_as_its_kind_does'), models.CheckConstraint(condition=models.Q(('lapsed_at__isnull', True), ('state', 'decided'), _connector='OR'), name='only_a_decision_lapses')],
                    },
                ),
                migrations.CreateModel(
                    name='CaseEvent',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('by', models.TextField(help_text='user name, citizen:<ref>, or system')),
                        ('verb', models.TextField()),
                        ('data', models.JSONField(default=dict)),
                        ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='codes.case')),
                    ],
                    options={
                        'ordering': ['at', 'id'],
                    },
                ),
                migrations.CreateModel(
                    name='Citizen',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('ref', models.TextField(help_text='stable within the city, says nothing outside it', unique=True)),
                        ('id_type', models.TextField()),
                        ('id_hash', models.BinaryField(unique=True)),
                        ('id_encrypted', models.BinaryField()),
                        ('full_name', models.TextField(blank=True)),
                        ('phone_encrypted', models.BinaryField(null=True)),
                        ('phone_hash', models.BinaryField(null=True)),
                        ('known_since', models.DateTimeField()),
                        ('names_differ', models.BooleanField(db_default=False, default=False, help_text='origins give clearly different names (``StatedName``)')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('id_type', ''), _negated=True), name='citizen_has_an_id_type')],
                    },
                ),
                migrations.CreateModel(
                    name='Disagreement',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('fingerprint', models.BinaryField(help_text='over the colours, and what the rules and facts of the hits say')),
                        ('colours', models.JSONField(help_text='provider code -> colour')),
                        ('citizen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disagreements', to='codes.citizen')),
                        ('closed_run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.run')),
                        ('opened_run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.run')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('closed_run__isnull', True)), fields=('citizen',), name='one_open_disagreement_per_citizen')],
                    },
                ),
                migrations.CreateModel(
                    name='Guardianship',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('relation', models.TextField(db_default='other', default='other')),
                        ('asked_at', models.DateTimeField()),
                        ('reviewed_by', models.TextField(blank=True)),
                        ('reviewed_at', models.DateTimeField(null=True)),
                        ('accepted', models.BooleanField(null=True)),
                        ('refusal', models.TextField(blank=True, db_default='', help_text='why it was refused, in words for the guardian')),
                        ('ended_by', models.TextField(blank=True, db_default='')),
                        ('ended_at', models.DateTimeField(null=True)),
                        ('dependant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='guardians', to='codes.citizen')),
                        ('guardian', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dependants', to='codes.citizen')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('ended_at__isnull', True), ('reviewed_at__isnull', True)), fields=['asked_at', 'id'], name='guardianships_to_review'), models.Index(condition=models.Q(('accepted', True), ('ended_at__isnull', True)), fields=['dependant'], name='guardians_in_force')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('guardian', 'dependant'), name='one_open_guardianship_per_pair'), models.CheckConstraint(condition=models.Q(('guardian', models.F('dependant')), _negated=True), name='nobody_is_their_own_guardian'), models.CheckConstraint(condition=models.Q(models.Q(('reviewed_at__isnull', True), ('reviewed_by', '')), models.Q(('reviewed_at__isnull', False), models.Q(('reviewed_by', ''), _negated=True)), _connector='OR'), name='guardianship_reviewed_at_and_by_go_together'), models.CheckConstraint(condition=models.Q(models.Q(('accepted__isnull', True), ('reviewed_at__isnull', True)), models.Q(('accepted__isnull', False), ('reviewed_at__isnull', False)), _connector='OR'), name='guardianship_is_answered_by_its_review'), models.CheckConstraint(condition=models.Q(models.Q(('accepted', False), _negated=True), models.Q(('ended_at__isnull', False), models.Q(('refusal', ''), _negated=True)), _connector='OR'), name='refused_guardianship_is_over_and_says_why')],
                    },
                ),
                migrations.CreateModel(
                    name='Evidence',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.TextField(unique=True)),
                        ('content_type', models.TextField()),
                        ('original_name', models.TextField(blank=True)),
                        ('size', models.IntegerField(help_text='bytes')),
                        ('sha256', models.BinaryField()),
                        ('uploaded_by', models.TextField()),
                        ('uploaded_at', models.DateTimeField()),
                        ('case', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='codes.case')),
                        ('citizen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='codes.citizen')),
                        ('guardianship', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='codes.guardianship')),
                        ('redrawn', models.BooleanField(default=False, help_text='false for PDFs of earlier versions, kept as they came')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('case__isnull', True), ('guardianship__isnull', True)), fields=['uploaded_at'], name='evidence_drafts')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('content_type__in', ['image/jpeg', 'image/png', 'image/webp', 'application/pdf'])), name='evidence_type_is_known'), models.CheckConstraint(condition=models.Q(('uploaded_by', ''), _negated=True), name='evidence_has_an_uploader'), models.CheckConstraint(condition=models.Q(('case__isnull', True), ('guardianship__isnull', True), _connector='OR'), name='evidence_belongs_to_one_matter')],
                    },
                ),
                migrations.CreateModel(
                    name='InformationRequest',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('state', models.TextField(choices=[('open', 'Open'), ('answered', 'Answered'), ('lapsed', 'Lapsed'), ('dropped', 'Dropped')], default='open')),
                        ('question', models.TextField()),
                        ('asked_by', models.TextField()),
                        ('asked_at', models.DateTimeField()),
                        ('answer_by', models.DateTimeField(help_text='when the review goes on without an answer')),
                        ('answer', models.TextField(blank=True)),
                        ('answered_by', models.TextField(blank=True)),
                        ('closed_at', models.DateTimeField(null=True)),
                        ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='information_requests', to='codes.case')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['answer_by'], name='information_due')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('case',), name='one_open_question_per_case'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('state', 'open')), models.Q(('closed_at__isnull', False), ('state__in', ['answered', 'lapsed', 'dropped'])), _connector='OR'), name='question_is_closed_when_its_state_says_so'), models.CheckConstraint(condition=models.Q(models.Q(('question', ''), _negated=True), models.Q(('asked_by', ''), _negated=True)), name='question_has_words_and_an_asker'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'answered'), _negated=True), models.Q(('answered_by', ''), _negated=True), _connector='OR'), name='answer_is_somebodys')],
                    },
                ),
                migrations.CreateModel(
                    name='PersonAccess',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('by', models.TextField()),
                        ('purpose', models.TextField()),
                        ('what', models.TextField()),
                        ('citizen', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='accesses', to='codes.citizen')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['citizen', '-at', '-id'], name='codes_perso_citizen_c88552_idx')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('by', ''), _negated=True), models.Q(('purpose', ''), _negated=True), models.Q(('what', ''), _negated=True)), name='access_says_who_why_and_what')],
                    },
                ),
                migrations.CreateModel(
                    name='Provider',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.TextField(unique=True)),
                        ('title_zh', models.TextField()),
                        ('title_en', models.TextField()),
                        ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='providers', to='sources.source')),
                        ('rule_set', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='providers', to='codes.ruleset')),
                        ('display', models.JSONField(default=dict, help_text='the value they display -> our colour')),
                        ('display_delay_minutes', models.IntegerField(default=10, help_text='how long an earlier colour may still be displayed')),
                        ('retired', models.BooleanField(default=False, help_text='no longer judged or shown; its history stays')),
                        ('symptoms', models.JSONField(default=dict, help_text='their code -> our symptom')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('display_delay_minutes__gte', 0)), name='provider_display_delay_is_not_negative')],
                    },
                ),
                migrations.CreateModel(
                    name='Fact',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('origin', models.TextField()),
                        ('record_id', models.TextField()),
                        ('version', models.IntegerField()),
                        ('superseded', models.BooleanField(default=False)),
                        ('revoked', models.BooleanField(default=False)),
                        ('kind', models.TextField()),
                        ('area', models.CharField(max_length=6, null=True)),
                        ('started_on', models.DateField()),
                        ('ended_on', models.DateField(null=True)),
                        ('recorded_at', models.DateTimeField()),
                        ('received_at', models.DateTimeField()),
                        ('detail', models.JSONField(default=dict)),
                        ('digest', models.BinaryField(help_text='of its content: tells a repeated delivery from a new version', null=True)),
                        ('batch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sources.batch')),
                        ('citizen', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='facts', to='codes.citizen')),
                        ('source', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sources.source')),
                        ('provider', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.provider')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('area__endswith', '00'), ('kind', 'area_stay')), fields=['source'], name='fact_stays_by_prefecture'), models.Index(fields=['citizen', 'started_on'], name='facts_of_citizen_by_day'), models.Index(condition=models.Q(('kind', 'negative_test'), _negated=True), fields=['citizen', 'started_on'], name='facts_but_tests_by_day'), models.Index(condition=models.Q(('area__isnull', False)), fields=['citizen', 'area'], name='areas_of_citizen')],
                        'constraints': [models.UniqueConstraint(fields=('record_id', 'version', 'source', 'provider'), name='record_version_is_unique', nulls_distinct=False), models.CheckConstraint(condition=models.Q(models.Q(('origin', 'source'), ('provider__isnull', True), ('source__isnull', False)), models.Q(('origin', 'provider'), ('provider__isnull', False), ('source__isnull', True)), models.Q(('origin', 'city'), ('provider__isnull', True), ('source__isnull', True)), _connector='OR'), name='fact_has_exactly_one_origin'), models.CheckConstraint(condition=models.Q(('ended_on__isnull', True), ('ended_on__gte', models.F('started_on')), _connector='OR'), name='fact_ends_after_it_starts'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'area_stay'), _negated=True), ('area__isnull', False), ('revoked', True), _connector='OR'), name='area_stay_has_an_area')],
                    },
                ),
                migrations.CreateModel(
                    name='Entry',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('entry_id', models.TextField()),
                        ('type', models.TextField()),
                        ('submitted_at', models.DateTimeField(help_text='as the provider says', null=True)),
                        ('day', models.DateField(null=True)),
                        ('healthy', models.BooleanField(null=True)),
                        ('received_at', models.DateTimeField()),
                        ('digest', models.BinaryField(help_text='of the whole line: tells a repeated line from a changed one')),
                        ('content', models.JSONField(default=dict)),
                        ('citizen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='codes.citizen')),
                        ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='codes.provider')),
                        ('instant', models.DateTimeField(help_text='submitted_at or received_at, whichever is earlier')),
                        ('late', models.BooleanField(default=False, help_text='healthy, submitted after the day after its day: counts for nothing')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('type', 'check_in')), fields=['citizen', 'provider', 'day'], name='entry_check_ins'), models.Index(condition=models.Q(('type', 'declaration')), fields=['citizen', 'provider', 'instant'], name='entry_declarations'), models.Index(condition=models.Q(('type', 'displayed')), fields=['citizen', 'provider', 'instant'], name='entry_displayed')],
                        'constraints': [models.UniqueConstraint(fields=('provider', 'entry_id'), name='entry_id_is_unique_for_its_provider'), models.CheckConstraint(condition=models.Q(('instant__lte', models.F('received_at')), models.Q(('submitted_at__isnull', True), ('instant__lte', models.F('submitted_at')), _connector='OR')), name='entry_is_of_no_instant_after_its_receipt'), models.CheckConstraint(condition=models.Q(('late', False), models.Q(('healthy', True), ('type', 'check_in')), _connector='OR'), name='only_a_healthy_check_in_is_late'), models.CheckConstraint(condition=models.Q(models.Q(('day__isnull', True), ('healthy__isnull', True), ('submitted_at__isnull', False), ('type', 'declaration')), models.Q(('day__isnull', False), ('healthy__isnull', False), ('type', 'check_in')), models.Q(('day__isnull', True), ('healthy__isnull', True), ('submitted_at__isnull', True), ('type', 'displayed')), _connector='OR'), name='entry_has_the_fields_of_its_type')],
                    },
                ),
                migrations.CreateModel(
                    name='CheckInDays',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('days', codes.models.entry.DateMultiRangeField()),
                        ('complete_at', models.DateTimeField()),
                        ('citizen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.citizen')),
                        ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.provider')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('citizen', 'provider'), name='check_in_days_once_per_registration')],
                    },
                ),
                migrations.CreateModel(
                    name='Appeal',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('rule', models.TextField(help_text='code of the rule whose hit it is about')),
                        ('reason_code', models.TextField()),
                        ('text', models.TextField(blank=True)),
                        ('tested_on', models.DateField(null=True)),
                        ('colour', models.TextField(help_text='the effective colour when it was filed')),
                        ('filed_by', models.TextField(help_text="citizen:<ref>, a guardian's for a dependant; or provider:<code>")),
                        ('filed_at', models.DateTimeField()),
                        ('withdraw_until', models.DateTimeField()),
                        ('disagreement', models.TextField(blank=True, db_default='', help_text='what the citizen says to the denial')),
                        ('case', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='appeal', to='codes.case')),
                        ('fact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.fact')),
                        ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.provider')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('reason_code', ''), _negated=True), models.Q(('filed_by', ''), _negated=True)), name='appeal_has_a_reason_and_a_filer'), models.CheckConstraint(condition=models.Q(('withdraw_until__gte', models.F('filed_at'))), name='appeal_can_be_withdrawn_for_a_while')],
                    },
                ),
                migrations.CreateModel(
                    name='Registration',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('registered_at', models.DateTimeField(help_text='when the city received the first declaration')),
                        ('citizen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='registrations', to='codes.citizen')),
                        ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='registrations', to='codes.provider')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['provider', 'registered_at'], name='codes_regis_provide_7901f8_idx')],
                        'constraints': [models.UniqueConstraint(fields=('citizen', 'provider'), name='registered_once_with_a_provider')],
                    },
                ),
                migrations.CreateModel(
                    name='RuleSetVersion',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('version', models.IntegerField()),
                        ('effective_from', models.DateField()),
                        ('digest', models.TextField(help_text='SHA-256 of its canonical content')),
                        ('created_by', models.TextField()),
                        ('created_at', models.DateTimeField()),
                        ('rule_set', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='codes.ruleset')),
                        ('withdrawn_at', models.DateTimeField(help_text='two people put it out of force from then on', null=True)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('rule_set', 'version'), name='rule_set_version_is_unique'), models.CheckConstraint(condition=models.Q(('version__gte', 1)), name='rule_set_version_starts_at_one')],
                    },
                ),
                migrations.CreateModel(
                    name='Rule',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.TextField()),
                        ('kind', models.TextField()),
                        ('area_levels', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True, size=None)),
                        ('colour', models.TextField()),
                        ('anchor', models.TextField(default='started')),
                        ('hold_days', models.IntegerField(null=True)),
                        ('checkin_days', models.IntegerField(default=0)),
                        ('tests', models.IntegerField(default=0)),
                        ('test_gap_days', models.IntegerField(default=0)),
                        ('cleared_by', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                        ('title_zh', models.TextField(blank=True)),
                        ('title_en', models.TextField(blank=True)),
                        ('reason_zh', models.TextField(blank=True)),
                        ('reason_en', models.TextField(blank=True)),
                        ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='codes.rulesetversion')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('colour__in', ['red', 'yellow'])), name='rule_colour_is_red_or_yellow'), models.CheckConstraint(condition=models.Q(('anchor__in', ['started', 'ended', 'recorded'])), name='rule_anchor_is_known'), models.CheckConstraint(condition=models.Q(('checkin_days__gte', 0), ('test_gap_days__gte', 0), ('tests__gte', 0), models.Q(('hold_days__isnull', True), ('hold_days__gte', 0), _connector='OR')), name='rule_counts_are_not_negative')],
                    },
                ),
                migrations.CreateModel(
                    name='RiskArea',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('area', models.CharField(max_length=6)),
                        ('level', models.TextField()),
                        ('from_day', models.DateField()),
                        ('to_day', models.DateField(null=True)),
                        ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='risk_areas', to='codes.rulesetversion')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['version', 'area'], name='codes_riska_version_4128d5_idx')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('to_day__isnull', True), ('to_day__gte', models.F('from_day')), _connector='OR'), name='risk_area_ends_after_it_starts')],
                    },
                ),
                migrations.CreateModel(
                    name='Ruling',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('state', models.TextField(choices=[('proposed', 'Proposed'), ('approved', 'Approved'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn'), ('ended', 'Ended')], default='proposed')),
                        ('reason_code', models.TextField()),
                        ('reason', models.TextField(blank=True)),
                        ('proposed_by', models.TextField()),
                        ('proposed_at', models.DateTimeField()),
                        ('decided_by', models.TextField(blank=True, db_default='', default='')),
                        ('decided_at', models.DateTimeField(null=True)),
                        ('decision_code', models.TextField(blank=True, db_default='', help_text='why it was refused, from a list')),
                        ('decision_reason', models.TextField(blank=True, db_default='', default='')),
                        ('end_reason', models.TextField(blank=True, db_default='')),
                        ('end_proposed_by', models.TextField(blank=True, db_default='')),
                        ('end_proposed_at', models.DateTimeField(null=True)),
                        ('ended_by', models.TextField(blank=True, db_default='')),
                        ('ended_at', models.DateTimeField(null=True)),
                        ('colour', models.TextField()),
                        ('evidence', models.JSONField(default=list, help_text='what it rests on: evidence ids, record ids, documents')),
                        ('weighed', models.JSONField(default=list, help_text='[rule code, fact id] of every unreleased hit at the time')),
                        ('expires_on', models.DateField(help_text='the first day it no longer holds')),
                        ('suspended_at', models.DateTimeField(help_text='a new, more severe hit suspended it', null=True)),
                        ('case', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rulings', to='codes.case')),
                        ('citizen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rulings', to='codes.citizen')),
                        ('weighed_colours', models.JSONField(help_text='which colour the rule of each gave; none of a ruling of an earlier release', null=True)),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('state', 'proposed')), fields=['proposed_at', 'id'], name='rulings_to_decide'), models.Index(condition=models.Q(('state', 'approved')), fields=['expires_on'], name='rulings_to_expire')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'approved', 'refused', 'withdrawn', 'ended'])), name='ruling_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', ''), _negated=True), models.Q(('reason_code', ''), _negated=True)), name='ruling_has_proposer_and_reason'), models.CheckConstraint(condition=models.Q(('end_proposed_by', ''), models.Q(('end_proposed_by', models.F('ended_by')), _negated=True), _connector='OR'), name='ruling_end_takes_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('end_proposed_at__isnull', True), ('end_proposed_by', ''), ('end_reason', '')), models.Q(('end_proposed_at__isnull', False), models.Q(('end_proposed_by', ''), _negated=True), models.Q(('end_reason', ''), _negated=True)), _connector='OR'), name='ruling_end_is_proposed_whole'), models.CheckConstraint(condition=models.Q(('colour__in', ['red', 'yellow', 'green'])), name='ruling_colour_is_a_colour'), models.CheckConstraint(condition=models.Q(('evidence__0__isnull', False)), name='ruling_rests_on_evidence'), models.UniqueConstraint(condition=models.Q(('state', 'approved')), fields=('citizen',), name='one_ruling_in_force_per_citizen'), models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('citizen',), name='one_proposed_ruling_per_citizen'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['proposed', 'approved', 'refused', 'withdrawn', 'ended']), _negated=True), models.Q(('decided_at__isnull', True), ('decided_by', ''), ('state__in', ['proposed', 'withdrawn'])), models.Q(('decided_at__isnull', False), ('state__in', ['approved', 'refused', 'ended']), models.Q(('decided_by', ''), _negated=True)), _connector='OR'), name='ruling_is_decided_by_somebody'), models.CheckConstraint(condition=models.Q(('state', 'withdrawn'), ('decided_by', ''), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='ruling_proposer_is_not_approver')],
                    },
                ),
                migrations.CreateModel(
                    name='Run',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('slot', models.TextField(default='daily')),
                        ('day', models.DateField()),
                        ('sequence', models.IntegerField(default=1, help_text="1 = the day's first run; asked for again, 2, 3 …")),
                        ('as_of', models.DateTimeField()),
                        ('collects', models.BooleanField(default=True)),
                        ('state', models.TextField(choices=[('collecting', 'Collecting'), ('evaluating', 'Evaluating'), ('settling', 'Settling'), ('done', 'Done'), ('partial', 'Partial'), ('failed', 'Failed'), ('mended', 'Amended'), ('kept', 'Kept')], default='collecting')),
                        ('started_by', models.TextField()),
                        ('started_at', models.DateTimeField()),
                        ('ended_at', models.DateTimeField(null=True)),
                        ('fence', models.IntegerField(default=0)),
                        ('lease_until', models.DateTimeField(null=True)),
                        ('attempts', models.IntegerField(default=0)),
                        ('counts', models.JSONField(default=dict)),
                        ('amends', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='amendments', to='codes.run')),
                        ('fault', models.TextField(blank=True, help_text='the code of why it failed')),
                        ('params', models.JSONField(default=dict, help_text='what the sentence of the code names')),
                        ('history', models.BooleanField(db_default=False, default=False)),
                        ('engine', models.TextField(blank=True, db_default='', default='', help_text='digest of the statement and the time zone')),
                        ('everybody', models.BooleanField(db_default=True, default=True)),
                        ('facts_from', models.BigIntegerField(null=True)),
                        ('registrations_from', models.BigIntegerField(null=True)),
                        ('proves', models.BooleanField(db_default=False, default=False)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['-day', '-sequence'], name='codes_run_day_fbfa03_idx')],
                        'constraints': [models.UniqueConstraint(fields=('day', 'sequence'), name='run_sequence_is_unique_for_its_day'), models.UniqueConstraint(condition=models.Q(('state__in', ['collecting', 'evaluating', 'settling'])), fields=('slot',), name='one_open_run_per_city'), models.CheckConstraint(condition=models.Q(models.Q(('amends__isnull', False), ('state', 'mended')), models.Q(models.Q(('state', 'mended'), _negated=True), ('amends__isnull', True)), _connector='OR'), name='run_that_mends_amends_another'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state__in', ['collecting', 'evaluating', 'settling'])), models.Q(('ended_at__isnull', False), ('state__in', ['done', 'partial', 'failed', 'mended', 'kept'])), _connector='OR'), name='run_has_ended_when_its_state_says_so'), models.CheckConstraint(condition=models.Q(models.Q(('history', True), ('state__in', ['collecting', 'evaluating', 'settling', 'kept', 'failed'])), models.Q(('history', False), models.Q(('state', 'kept'), _negated=True)), _connector='OR'), name='run_of_history_is_kept_and_never_settles')],
                    },
                ),
                migrations.CreateModel(
                    name='Partition',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('number', models.IntegerField()),
                        ('low', models.BigIntegerField()),
                        ('high', models.BigIntegerField()),
                        ('state', models.TextField(choices=[('pending', 'Pending'), ('claimed', 'Claimed'), ('done', 'Done'), ('parked', 'Parked')], default='pending')),
                        ('fence', models.IntegerField(default=0)),
                        ('lease_until', models.DateTimeField(null=True)),
                        ('attempts', models.IntegerField(default=0)),
                        ('counts', models.JSONField(default=dict)),
                        ('digest', models.TextField(blank=True, help_text='SHA-256 of the rows it changed')),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='partitions', to='codes.run')),
                        ('fault', models.TextField(blank=True, help_text='the code of why it failed')),
                        ('params', models.JSONField(default=dict, help_text='what the sentence of the code names')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('run', 'number'), name='partition_number_is_unique'), models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'claimed', 'done', 'parked'])), name='partition_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'parked'), _negated=True), models.Q(('fault', ''), _negated=True), _connector='OR'), name='parked_partition_says_why')],
                    },
                ),
                migrations.CreateModel(
                    name='PairDiagnosis',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('primary_cause', models.TextField()),
                        ('swaps_a_to_b', models.JSONField()),
                        ('swaps_b_to_a', models.JSONField()),
                        ('group_key', models.TextField(blank=True)),
                        ('disagreement', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pairs', to='codes.disagreement')),
                        ('a', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.provider')),
                        ('b', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.provider')),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.run')),
                        ('root_cause', models.JSONField()),
                        ('next_on', models.DateField(help_text='the first day on which days alone can give another explanation', null=True)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['group_key'], name='codes_paird_group_k_0b8685_idx'), models.Index(fields=['primary_cause'], name='codes_paird_primary_adcb79_idx')],
                        'constraints': [models.UniqueConstraint(fields=('disagreement', 'a', 'b'), name='pair_is_diagnosed_once'), models.CheckConstraint(condition=models.Q(('primary_cause__in', ['freshness', 'rules', 'declaration', 'source', 'interaction'])), name='primary_cause_is_known')],
                    },
                ),
                migrations.CreateModel(
                    name='EffectiveChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('before', models.TextField()),
                        ('before_because', models.TextField()),
                        ('after', models.TextField()),
                        ('after_because', models.TextField()),
                        ('since', models.DateTimeField()),
                        ('day', models.DateField()),
                        ('citizen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='effective_changes', to='codes.citizen')),
                        ('ruling', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.ruling')),
                        ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.run')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('run__isnull', False), ('ruling__isnull', False), _connector='OR'), name='effective_change_has_a_cause'), models.CheckConstraint(condition=models.Q(('after__in', ['red', 'yellow', 'green', 'unknown']), ('after_because__in', ['ruling', 'agreement', 'policy', 'held', 'unknown']), ('before__in', ['red', 'yellow', 'green', 'unknown']), ('before_because__in', ['ruling', 'agreement', 'policy', 'held', 'unknown'])), name='effective_change_is_known')],
                    },
                ),
                migrations.CreateModel(
                    name='RunError',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('step', models.TextField(choices=[('collecting', 'collecting'), ('partition', 'partition {number}'), ('settling', 'settling')])),
                        ('message', models.TextField()),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='errors', to='codes.run')),
                        ('number', models.IntegerField(help_text='of the partition', null=True)),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='RunProvider',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('horizon', models.DateTimeField(null=True)),
                        ('known', models.BooleanField()),
                        ('why_unknown', models.TextField(blank=True)),
                        ('registered', models.BigIntegerField(null=True)),
                        ('red', models.BigIntegerField(null=True)),
                        ('yellow', models.BigIntegerField(null=True)),
                        ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.provider')),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='providers', to='codes.run')),
                        ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sources.source')),
                        ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.rulesetversion')),
                        ('held_red', models.BigIntegerField(null=True)),
                        ('held_yellow', models.BigIntegerField(null=True)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('run', 'provider'), name='provider_is_frozen_once_per_run'), models.CheckConstraint(condition=models.Q(models.Q(('horizon__isnull', False), ('known', True), ('version__isnull', False)), models.Q(('known', False), models.Q(('why_unknown', ''), _negated=True)), _connector='OR'), name='known_provider_has_horizon_and_edition')],
                    },
                ),
                migrations.CreateModel(
                    name='RunSource',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('failed', models.BooleanField(default=False)),
                        ('batch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sources.batch')),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sources', to='codes.run')),
                        ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sources.source')),
                        ('fault', models.TextField(blank=True, help_text='the code of why it failed')),
                        ('params', models.JSONField(default=dict, help_text='what the sentence of the code names')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('run', 'source'), name='run_collects_a_source_once')],
                    },
                ),
                migrations.CreateModel(
                    name='SignInCode',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('id_hash', models.BinaryField(help_text='keyed hash of the identity asked for')),
                        ('address_hash', models.BinaryField(help_text='keyed hash of the network address that asked')),
                        ('code_hash', models.BinaryField()),
                        ('code_sealed', models.BinaryField(help_text='until it was handed to the gateway', null=True)),
                        ('asked_at', models.DateTimeField()),
                        ('expires_at', models.DateTimeField()),
                        ('sent_at', models.DateTimeField(null=True)),
                        ('tries', models.IntegerField(default=0)),
                        ('used_at', models.DateTimeField(null=True)),
                        ('citizen', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.citizen')),
                        ('browser_hash', models.BinaryField(default=b'', help_text='keyed hash of the browser that asked; it works there only')),
                        ('has_signed_in_before', models.BooleanField(default=False, help_text='that browser, as this number')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['id_hash', 'asked_at'], name='codes_signi_id_hash_8d6f02_idx'), models.Index(fields=['address_hash', 'asked_at'], name='codes_signi_address_47fa0a_idx'), models.Index(fields=['asked_at'], name='codes_signi_asked_a_c1cfbb_idx')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('tries__gte', 0), ('tries__lte', 5)), name='sign_in_code_tries_are_limited'), models.CheckConstraint(condition=models.Q(('used_at__isnull', True), ('citizen__isnull', False), _connector='OR'), name='used_code_is_a_citizens')],
                    },
                ),
                migrations.CreateModel(
                    name='Suppression',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('state', models.TextField(choices=[('proposed', 'Proposed'), ('approved', 'Approved'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn'), ('ended', 'Ended')], default='proposed')),
                        ('reason_code', models.TextField()),
                        ('reason', models.TextField(blank=True)),
                        ('proposed_by', models.TextField()),
                        ('proposed_at', models.DateTimeField()),
                        ('decided_by', models.TextField(blank=True, db_default='', default='')),
                        ('decided_at', models.DateTimeField(null=True)),
                        ('decision_code', models.TextField(blank=True, db_default='', help_text='why it was refused, from a list')),
                        ('decision_reason', models.TextField(blank=True, db_default='', default='')),
                        ('end_reason', models.TextField(blank=True, db_default='')),
                        ('end_proposed_by', models.TextField(blank=True, db_default='')),
                        ('end_proposed_at', models.DateTimeField(null=True)),
                        ('ended_by', models.TextField(blank=True, db_default='')),
                        ('ended_at', models.DateTimeField(null=True)),
                        ('record_id', models.TextField()),
                        ('evidence', models.JSONField(default=list, help_text='what it rests on, as with a ruling')),
                        ('case', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='suppressions', to='codes.case')),
                        ('provider', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.provider')),
                        ('source', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sources.source')),
                        ('bulk_suppression', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='suppressions', to='codes.bulksuppression')),
                        ('version', models.IntegerField(null=True)),
                        ('held_group', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='suppressions', to='codes.heldgroup')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['record_id'], name='codes_suppr_record__76240b_idx'), models.Index(condition=models.Q(('state', 'proposed')), fields=['proposed_at'], name='suppressions_to_decide')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'approved', 'refused', 'withdrawn', 'ended'])), name='suppression_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', ''), _negated=True), models.Q(('reason_code', ''), _negated=True)), name='suppression_has_proposer_and_reason'), models.CheckConstraint(condition=models.Q(('end_proposed_by', ''), models.Q(('end_proposed_by', models.F('ended_by')), _negated=True), _connector='OR'), name='suppression_end_takes_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('end_proposed_at__isnull', True), ('end_proposed_by', ''), ('end_reason', '')), models.Q(('end_proposed_at__isnull', False), models.Q(('end_proposed_by', ''), _negated=True), models.Q(('end_reason', ''), _negated=True)), _connector='OR'), name='suppression_end_is_proposed_whole'), models.CheckConstraint(condition=models.Q(('source__isnull', True), ('provider__isnull', True), _connector='OR'), name='suppressed_record_has_one_origin'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['proposed', 'approved', 'refused', 'withdrawn', 'ended']), _negated=True), models.Q(('decided_at__isnull', True), ('decided_by', ''), ('state__in', ['proposed', 'withdrawn'])), models.Q(('decided_at__isnull', False), ('state__in', ['approved', 'refused', 'ended']), models.Q(('decided_by', ''), _negated=True)), _connector='OR'), name='suppression_is_decided_by_somebody'), models.CheckConstraint(condition=models.Q(('state', 'withdrawn'), ('decided_by', ''), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='suppression_proposer_is_not_approver'), models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('record_id', 'source', 'provider', 'version'), name='one_proposed_suppression_per_record', nulls_distinct=False)],
                    },
                ),
                migrations.CreateModel(
                    name='Verdict',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('colour', models.TextField()),
                        ('hits', models.JSONField()),
                        ('turns_green_on', models.DateField(null=True)),
                        ('needs', models.JSONField(null=True)),
                        ('citizen', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='verdicts', to='codes.citizen')),
                        ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.provider')),
                        ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.run')),
                        ('version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.rulesetversion')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('citizen', 'provider'), name='one_verdict_per_citizen_and_provider'), models.CheckConstraint(condition=models.Q(('colour__in', ['red', 'yellow'])), name='stored_verdict_is_red_or_yellow'), models.CheckConstraint(condition=models.Q(('hits__0__isnull', False)), name='verdict_names_a_hit')],
                    },
                ),
                migrations.CreateModel(
                    name='VerdictChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('before', models.TextField()),
                        ('after', models.TextField()),
                        ('hits', models.JSONField(default=list)),
                        ('turns_green_on', models.DateField(null=True)),
                        ('needs', models.JSONField(null=True)),
                        ('citizen', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.citizen')),
                        ('provider', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.provider')),
                        ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='codes.run')),
                        ('version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.rulesetversion')),
                        ('held_in', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.heldgroup')),
                    ],
                    options={
                        'indexes': [django.contrib.postgres.indexes.BrinIndex(fields=['run'], name='change_of_run', pages_per_range=32), models.Index(condition=models.Q(('held_in__isnull', False)), fields=['held_in', 'run'], name='change_held_in')],
                        'constraints': [models.UniqueConstraint(fields=('citizen', 'provider', 'run'), name='one_change_per_run'), models.CheckConstraint(condition=models.Q(('after__in', ['red', 'yellow', 'green']), ('before__in', ['red', 'yellow', 'green'])), name='change_is_of_colours'), models.CheckConstraint(condition=models.Q(('after', 'green'), ('hits__0__isnull', False), _connector='OR'), name='change_to_red_or_yellow_names_a_hit')],
                    },
                ),
                migrations.CreateModel(
                    name='EffectiveCode',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('colour', models.TextField()),
                        ('because', models.TextField()),
                        ('since', models.DateTimeField()),
                        ('citizen', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='effective', to='codes.citizen')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['colour', 'because'], name='codes_effec_colour_3585a6_idx')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('because', 'unknown'), ('colour', 'unknown')), models.Q(models.Q(('colour', 'unknown'), _negated=True), models.Q(('because', 'unknown'), _negated=True)), _connector='OR'), name='unknown_is_only_because_unknown'), models.CheckConstraint(condition=models.Q(('because__in', ['ruling', 'agreement', 'policy', 'held', 'unknown']), ('colour__in', ['red', 'yellow', 'green', 'unknown'])), name='effective_code_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('because', 'held'), _negated=True), ('colour__in', ['red', 'yellow']), _connector='OR'), name='held_code_is_red_or_yellow')],
                    },
                ),
                migrations.CreateModel(
                    name='CorrectionRequest',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('text', models.TextField()),
                        ('sent_to', models.TextField(help_text='the office that owns the record')),
                        ('sent_by', models.TextField()),
                        ('sent_at', models.DateTimeField()),
                        ('answer', models.TextField(blank=True, choices=[('corrected', 'Corrected'), ('upheld', 'Upheld'), ('not_ours', 'Not Ours')])),
                        ('answer_text', models.TextField(blank=True)),
                        ('answer_entered_by', models.TextField(blank=True)),
                        ('answered_at', models.DateTimeField(null=True)),
                        ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='correction_requests', to='codes.case')),
                        ('fact', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.fact')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('answered_at__isnull', True)), fields=['sent_at'], name='corrections_unanswered')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('answered_at__isnull', True)), fields=('case', 'fact'), name='one_open_correction_per_record_and_case'), models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answer_entered_by', ''), ('answered_at__isnull', True)), models.Q(('answer__in', ['corrected', 'upheld', 'not_ours']), ('answered_at__isnull', False), models.Q(('answer_entered_by', ''), _negated=True)), _connector='OR'), name='correction_answer_is_whole'), models.CheckConstraint(condition=models.Q(models.Q(('text', ''), _negated=True), models.Q(('sent_to', ''), _negated=True), models.Q(('sent_by', ''), _negated=True)), name='correction_says_what_to_whom')],
                    },
                ),
                migrations.CreateModel(
                    name='ProviderKey',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('key_hash', models.BinaryField(unique=True)),
                        ('last_four', models.TextField(help_text='the end of the key, by which people tell keys apart')),
                        ('issued_by', models.TextField()),
                        ('issued_at', models.DateTimeField()),
                        ('revoked_by', models.TextField(blank=True, db_default='')),
                        ('revoked_at', models.DateTimeField(null=True)),
                        ('window_began', models.DateTimeField(help_text='the minute in which calls are being counted', null=True)),
                        ('window_calls', models.IntegerField(db_default=0, default=0)),
                        ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='keys', to='codes.provider')),
                        ('expires_at', models.DateTimeField(help_text='from then on it opens nothing; none: until it is revoked', null=True)),
                        ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(choices=[('entries', 'deliver declarations, check-ins and displayed colours, many at a time'), ('declarations', 'deliver one declaration'), ('trips', "ask for a person's declared stays"), ('status', "ask for a person's colour"), ('calls', "call for a person's code"), ('codes', 'make the code that was called for'), ('verifications', 'check codes that are shown'), ('corrections', 'file appeals for people'), ('disagreements', 'list disagreements with other providers'), ('cases', 'list cases about the provider'), ('exports', 'take out masked reports about the provider'), ('webhooks', 'receive messages about changes')]), db_default=['entries'], default=list, help_text='what it may be used for', size=None)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('last_four__regex', '^.{4}$')), name='provider_key_shows_four_characters'), models.CheckConstraint(condition=models.Q(models.Q(('revoked_at__isnull', True), ('revoked_by', '')), models.Q(('revoked_at__isnull', False), models.Q(('revoked_by', ''), _negated=True)), _connector='OR'), name='provider_key_revoked_at_and_by_go_together'), models.CheckConstraint(condition=models.Q(('issued_by', ''), _negated=True), name='provider_key_is_issued_by_somebody'), models.CheckConstraint(condition=models.Q(('expires_at__isnull', True), ('expires_at__gt', models.F('issued_at')), _connector='OR'), name='provider_key_expires_after_it_was_issued')],
                    },
                ),
                migrations.CreateModel(
                    name='ExportJob',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.TextField(unique=True)),
                        ('report', models.TextField()),
                        ('file_format', models.TextField()),
                        ('first', models.DateField(null=True)),
                        ('last', models.DateField(null=True)),
                        ('only', models.JSONField(default=dict, help_text='what the rows are narrowed to')),
                        ('identified', models.BooleanField(default=False)),
                        ('purpose', models.TextField(blank=True)),
                        ('asked_by', models.TextField()),
                        ('asked_at', models.DateTimeField()),
                        ('state', models.TextField(choices=[('waiting', 'Waiting'), ('writing', 'Writing'), ('done', 'Done'), ('failed', 'Failed'), ('expired', 'Expired')], default='waiting')),
                        ('fence', models.IntegerField(default=0)),
                        ('lease_until', models.DateTimeField(null=True)),
                        ('attempts', models.IntegerField(default=0)),
                        ('rows_done', models.BigIntegerField(default=0)),
                        ('rows_total', models.BigIntegerField(null=True)),
                        ('file', models.TextField(blank=True, help_text="its name in the city's folder of exports")),
                        ('size', models.BigIntegerField(help_text='bytes', null=True)),
                        ('manifest', models.JSONField(null=True)),
                        ('ended_at', models.DateTimeField(null=True)),
                        ('expires_at', models.DateTimeField(null=True)),
                        ('fault', models.TextField(blank=True, help_text='the code of why it failed')),
                        ('params', models.JSONField(default=dict, help_text='what the sentence of the code names')),
                        ('confirmation', models.OneToOneField(help_text='of identified data', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='job', to='codes.identifiedexport')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['asked_by', '-id'], name='codes_expor_asked_b_b5652a_idx'), models.Index(condition=models.Q(('state__in', ['waiting', 'writing', 'done'])), fields=['state'], name='export_job_open')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'writing', 'done', 'failed', 'expired'])), name='export_job_state_is_known'), models.CheckConstraint(condition=models.Q(('asked_by', ''), _negated=True), name='export_job_has_an_asker'), models.CheckConstraint(condition=models.Q(('identified', False), models.Q(('purpose', ''), _negated=True), _connector='OR'), name='identified_export_has_a_purpose'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['done', 'expired']), _negated=True), models.Q(('ended_at__isnull', False), ('expires_at__isnull', False), ('manifest__isnull', False), ('size__isnull', False), models.Q(('file', ''), _negated=True)), _connector='OR'), name='finished_export_has_its_file'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'failed'), _negated=True), models.Q(('fault', ''), _negated=True), _connector='OR'), name='failed_export_says_why'), models.CheckConstraint(condition=models.Q(('identified', False), ('confirmation__isnull', False), ('state__in', ['done', 'failed', 'expired']), _connector='OR'), name='identified_export_is_confirmed')],
                    },
                ),
                migrations.CreateModel(
                    name='RunCitizen',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('citizen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.citizen')),
                        ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='citizens', to='codes.run')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('run', 'citizen'), name='run_names_a_citizen_once')],
                    },
                ),
                migrations.CreateModel(
                    name='RuleSetDraft',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('state', models.TextField(choices=[('editing', 'Editing'), ('proposed', 'Proposed'), ('published', 'Published'), ('refused', 'Refused'), ('dropped', 'Dropped')], default='editing')),
                        ('content', models.JSONField()),
                        ('revision', models.IntegerField(default=1)),
                        ('created_by', models.TextField()),
                        ('created_at', models.DateTimeField()),
                        ('edited_by', models.TextField()),
                        ('edited_at', models.DateTimeField()),
                        ('reason', models.TextField(blank=True)),
                        ('proposed_by', models.TextField(blank=True)),
                        ('proposed_at', models.DateTimeField(null=True)),
                        ('decided_by', models.TextField(blank=True, db_default='', default='')),
                        ('decided_at', models.DateTimeField(null=True)),
                        ('decision_reason', models.TextField(blank=True, db_default='', default='')),
                        ('rule_set', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='drafts', to='codes.ruleset')),
                        ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='drafts', to='codes.rulesetversion')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('rule_set',), name='one_proposed_edition_per_rule_set'), models.CheckConstraint(condition=models.Q(models.Q(('proposed_at__isnull', True), ('proposed_by', ''), ('state__in', ['editing', 'dropped'])), models.Q(models.Q(('state__in', ['editing', 'dropped']), _negated=True), ('proposed_at__isnull', False), models.Q(('proposed_by', ''), _negated=True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='draft_is_proposed_by_somebody_with_a_reason'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'published'), ('version__isnull', False)), models.Q(models.Q(('state', 'published'), _negated=True), ('version__isnull', True)), _connector='OR'), name='published_draft_has_its_version'), models.CheckConstraint(condition=models.Q(('state__in', ['editing', 'proposed', 'published', 'refused', 'dropped'])), name='draft_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['editing', 'proposed', 'published', 'refused', 'dropped']), _negated=True), models.Q(('decided_at__isnull', True), ('decided_by', ''), ('state__in', ['editing', 'proposed', 'dropped'])), models.Q(('decided_at__isnull', False), ('state__in', ['published', 'refused']), models.Q(('decided_by', ''), _negated=True)), _connector='OR'), name='draft_is_decided_by_somebody'), models.CheckConstraint(condition=models.Q(('state', 'withdrawn'), ('decided_by', ''), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='draft_proposer_is_not_approver'), models.CheckConstraint(condition=models.Q(('decided_by', ''), models.Q(('decided_by', models.F('edited_by')), _negated=True), _connector='OR'), name='edition_is_decided_by_no_editor')],
                    },
                ),
                migrations.CreateModel(
                    name='DraftRehearsal',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('revision', models.IntegerField()),
                        ('state', models.TextField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('impossible', 'Impossible'), ('failed', 'Failed')], default='waiting')),
                        ('asked_by', models.TextField()),
                        ('asked_at', models.DateTimeField()),
                        ('fence', models.IntegerField(default=0)),
                        ('lease_until', models.DateTimeField(null=True)),
                        ('day', models.DateField(null=True)),
                        ('found', models.BigIntegerField(default=0, help_text='colours that change, as far as it is')),
                        ('tally', models.JSONField(null=True)),
                        ('file', models.TextField(blank=True, help_text="the list's name in the city's folder of rehearsals")),
                        ('ended_at', models.DateTimeField(null=True)),
                        ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.run')),
                        ('draft', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rehearsals', to='codes.rulesetdraft')),
                        ('attempts', models.IntegerField(default=0)),
                        ('fault', models.TextField(blank=True, help_text='the code of why it failed')),
                        ('params', models.JSONField(default=dict, help_text='what the sentence of the code names')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'running', 'done', 'impossible'])), fields=('draft', 'revision'), name='revision_is_rehearsed_once'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'running', 'done', 'impossible', 'failed'])), name='rehearsal_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'done'), _negated=True), models.Q(('day__isnull', False), ('ended_at__isnull', False), ('run__isnull', False), ('tally__isnull', False), models.Q(('file', ''), _negated=True)), _connector='OR'), name='finished_rehearsal_has_its_outcome'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['impossible', 'failed']), _negated=True), models.Q(models.Q(('fault', ''), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='ended_rehearsal_says_why')],
                    },
                ),
                migrations.CreateModel(
                    name='HeldGroup',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('key', models.TextField(help_text='the same for the same cause, run after run')),
                        ('rule', models.TextField(help_text='its code')),
                        ('cause_kind', models.TextField(choices=[('batch', 'A delivery of a source'), ('entries', 'Entries of a provider'), ('version', 'A version of the rules')])),
                        ('received_on', models.DateField(help_text="the city's day on which the entries were received", null=True)),
                        ('red', models.IntegerField()),
                        ('green', models.IntegerField()),
                        ('registered', models.IntegerField()),
                        ('state', models.TextField(choices=[('held', 'Held for two people'), ('released', 'Released'), ('refused', 'Refused'), ('dissolved', 'Dissolved: nobody would change by it any more')], default='held')),
                        ('held_at', models.DateTimeField()),
                        ('closed_at', models.DateTimeField(null=True)),
                        ('counts', models.JSONField(default=dict, help_text='what its end did: people, records put out of force, the amending run')),
                        ('base_run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.run')),
                        ('batch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sources.batch')),
                        ('first_run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.run')),
                        ('provider', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.provider')),
                        ('rule_set', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.ruleset')),
                        ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.rulesetversion')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('state', 'held')), models.Q(('closed_at__isnull', False), ('state__in', ['released', 'refused', 'dissolved'])), _connector='OR'), name='held_group_is_closed_when_its_state_says_so'), models.CheckConstraint(condition=models.Q(models.Q(('batch__isnull', False), ('cause_kind', 'batch'), ('provider__isnull', True), ('received_on__isnull', True), ('version__isnull', True)), models.Q(('batch__isnull', True), ('cause_kind', 'entries'), ('provider__isnull', False), ('received_on__isnull', False), ('version__isnull', True)), models.Q(('batch__isnull', True), ('cause_kind', 'version'), ('provider__isnull', True), ('received_on__isnull', True), ('version__isnull', False)), _connector='OR'), name='held_group_has_one_cause'), models.UniqueConstraint(condition=models.Q(('state', 'held')), fields=('key',), name='one_held_group_per_cause')],
                    },
                ),
                migrations.CreateModel(
                    name='HeldGroupProposal',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('reason', models.TextField(blank=True)),
                        ('proposed_by', models.TextField()),
                        ('proposed_at', models.DateTimeField()),
                        ('decided_by', models.TextField(blank=True, db_default='', default='')),
                        ('decided_at', models.DateTimeField(null=True)),
                        ('decision_reason', models.TextField(blank=True, db_default='', default='')),
                        ('act_proposed', models.TextField(choices=[('release', 'Release it: the changes are right'), ('refuse', 'Refuse it: put what brought it out of force')])),
                        ('state', models.TextField(choices=[('proposed', 'Proposed'), ('approved', 'Approved'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn')], default='proposed')),
                        ('group', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='codes.heldgroup')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'approved', 'refused', 'withdrawn'])), name='held_group_proposal_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['proposed', 'approved', 'refused', 'withdrawn']), _negated=True), models.Q(('decided_at__isnull', True), ('decided_by', ''), ('state__in', ['proposed', 'withdrawn'])), models.Q(('decided_at__isnull', False), ('state__in', ['approved', 'refused']), models.Q(('decided_by', ''), _negated=True)), _connector='OR'), name='held_group_proposal_is_decided_by_somebody'), models.CheckConstraint(condition=models.Q(('state', 'withdrawn'), ('decided_by', ''), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='held_group_proposal_proposer_is_not_approver'), models.CheckConstraint(condition=models.Q(('act_proposed__in', ['release', 'refuse'])), name='held_group_proposal_is_to_release_or_refuse'), models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', ''), _negated=True), models.Q(('reason', ''), _negated=True)), name='held_group_proposal_has_proposer_and_reason'), models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('group',), name='one_waiting_proposal_per_held_group')],
                    },
                ),
                migrations.CreateModel(
                    name='FormerRef',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('ref', models.TextField(unique=True)),
                        ('joined_at', models.DateTimeField()),
                        ('citizen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='former_refs', to='codes.citizen')),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='PhoneChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('phone_encrypted', models.BinaryField()),
                        ('phone_hash', models.BinaryField()),
                        ('state', models.TextField(choices=[('proposed', 'Proposed'), ('confirmed', 'Confirmed'), ('refused', 'Refused')], default='proposed')),
                        ('proposed_at', models.DateTimeField()),
                        ('code_hash', models.BinaryField(null=True)),
                        ('code_expires_at', models.DateTimeField(null=True)),
                        ('tries', models.IntegerField(default=0)),
                        ('before_hash', models.BinaryField(help_text='of the phone it took the place of', null=True)),
                        ('how', models.TextField(blank=True, choices=[('code', 'with the code sent to the earlier phone'), ('citizen', 'by the citizen, signed in'), ('official', 'by an official, with the document in hand')])),
                        ('decided_by', models.TextField(blank=True)),
                        ('decided_at', models.DateTimeField(null=True)),
                        ('citizen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='phone_changes', to='codes.citizen')),
                        ('provider', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.provider')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('state', 'proposed')), fields=['proposed_at', 'id'], name='phones_proposed')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('citizen', 'phone_hash'), name='phone_is_proposed_once'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by', ''), ('how', ''), ('state', 'proposed')), models.Q(('decided_at__isnull', False), ('how__in', ['code', 'citizen', 'official']), ('state__in', ['confirmed', 'refused']), models.Q(('decided_by', ''), _negated=True)), _connector='OR'), name='phone_change_is_decided_whole'), models.CheckConstraint(condition=models.Q(('tries__gte', 0), ('tries__lte', 5)), name='phone_change_tries_are_limited'), models.CheckConstraint(condition=models.Q(models.Q(('code_expires_at__isnull', True), ('code_hash__isnull', True)), models.Q(('code_expires_at__isnull', False), ('code_hash__isnull', False)), _connector='OR'), name='phone_change_code_expires')],
                    },
                ),
                migrations.CreateModel(
                    name='PhoneNotice',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('receiver', models.TextField(choices=[('earlier', 'Earlier'), ('named', 'Named')])),
                        ('about', models.TextField(choices=[('proposed', 'Proposed'), ('confirmed', 'Confirmed')])),
                        ('phone_encrypted', models.BinaryField()),
                        ('code_sealed', models.BinaryField(help_text='until it was handed to the gateway', null=True)),
                        ('made_at', models.DateTimeField()),
                        ('sent_at', models.DateTimeField(null=True)),
                        ('change', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='codes.phonechange')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('sent_at__isnull', True)), fields=['made_at'], name='phone_notices_unsent')],
                        'constraints': [models.UniqueConstraint(fields=('change', 'receiver', 'about'), name='phone_is_told_once'), models.CheckConstraint(condition=models.Q(('about__in', ['proposed', 'confirmed']), ('receiver__in', ['earlier', 'named'])), name='phone_notice_is_known'), models.CheckConstraint(condition=models.Q(('code_sealed__isnull', True), models.Q(('about', 'proposed'), ('receiver', 'earlier')), _connector='OR'), name='only_the_earlier_phone_gets_a_code')],
                    },
                ),
                migrations.CreateModel(
                    name='StatedName',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('full_name', models.TextField()),
                        ('stated_at', models.DateTimeField(help_text='recorded_at of the record or submitted_at of the declaration')),
                        ('received_at', models.DateTimeField()),
                        ('citizen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stated_names', to='codes.citizen')),
                        ('provider', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.provider')),
                        ('source', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sources.source')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('citizen', 'source', 'provider'), name='one_name_per_origin', nulls_distinct=False), models.CheckConstraint(condition=models.Q(models.Q(('provider__isnull', True), ('source__isnull', False)), models.Q(('provider__isnull', False), ('source__isnull', True)), _connector='OR'), name='stated_name_has_one_origin'), models.CheckConstraint(condition=models.Q(('full_name', ''), _negated=True), name='stated_name_is_not_empty')],
                    },
                ),
                migrations.CreateModel(
                    name='HeldChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('change', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='kept_back', to='codes.verdictchange')),
                        ('group', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='codes.heldgroup')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('change', 'group'), name='group_keeps_a_change_back_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Alarm',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.TextField(choices=[('area', 'Records of one place'), ('official', 'Decisions of one person'), ('source', 'Records of one source'), ('batch', 'One delivery of a source'), ('provider', 'Entries of one provider'), ('version', 'A new version of the rules'), ('instant', 'Records written in the same minute'), ('place', 'People who were at the same place before'), ('registration', 'People who registered on the same day'), ('listed', 'One area on a risk list'), ('publisher', 'Areas listed by one person')])),
                        ('key', models.TextField()),
                        ('colour', models.TextField(choices=[('red', 'red'), ('yellow', 'yellow'), ('green', 'green')])),
                        ('severity', models.TextField(choices=[('alert', 'Alarm'), ('notice', 'Notice')])),
                        ('state', models.TextField(choices=[('raised', 'Not acknowledged'), ('acknowledged', 'Acknowledged')], default='raised')),
                        ('raised_at', models.DateTimeField()),
                        ('closed_at', models.DateTimeField(null=True)),
                        ('mailed_at', models.DateTimeField(help_text='when it was handed to the mail server', null=True)),
                        ('figures', models.JSONField(default=dict)),
                        ('first_run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='alarms_raised', to='codes.run')),
                        ('last_run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.run')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'raised')), fields=('kind', 'key', 'colour'), name='one_standing_alarm_per_subject'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('state', 'raised')), models.Q(('closed_at__isnull', False), ('state', 'acknowledged')), _connector='OR'), name='alarm_is_closed_when_its_state_says_so'), models.CheckConstraint(condition=models.Q(('colour__in', ['red', 'yellow', 'green']), ('kind__in', ['area', 'official', 'source', 'batch', 'provider', 'version', 'instant', 'place', 'registration', 'listed', 'publisher']), ('severity__in', ['alert', 'notice'])), name='alarm_is_of_a_kind_and_colour')],
                    },
                ),
                migrations.CreateModel(
                    name='AlarmAcknowledgement',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('reason', models.TextField(blank=True)),
                        ('proposed_by', models.TextField()),
                        ('proposed_at', models.DateTimeField()),
                        ('decided_by', models.TextField(blank=True, db_default='', default='')),
                        ('decided_at', models.DateTimeField(null=True)),
                        ('decision_reason', models.TextField(blank=True, db_default='', default='')),
                        ('finding', models.TextField(choices=[('explained', 'There is a good reason for it'), ('corrected', 'It was wrong, and has been put right'), ('reported', 'It was wrong, and has been reported')])),
                        ('state', models.TextField(choices=[('proposed', 'Waits for a second person'), ('confirmed', 'Confirmed'), ('refused', 'Sent back'), ('withdrawn', 'Taken back')], default='proposed')),
                        ('proposed_as', models.TextField(help_text='the role of the one who proposed')),
                        ('decided_as', models.TextField(blank=True, db_default='', default='', help_text='the role of the one who decided')),
                        ('alarm', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acknowledgements', to='codes.alarm')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'confirmed', 'refused', 'withdrawn'])), name='acknowledgement_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['proposed', 'confirmed', 'refused', 'withdrawn']), _negated=True), models.Q(('decided_at__isnull', True), ('decided_by', ''), ('state__in', ['proposed', 'withdrawn'])), models.Q(('decided_at__isnull', False), ('state__in', ['confirmed', 'refused']), models.Q(('decided_by', ''), _negated=True)), _connector='OR'), name='acknowledgement_is_decided_by_somebody'), models.CheckConstraint(condition=models.Q(('state', 'withdrawn'), ('decided_by', ''), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='acknowledgement_proposer_is_not_approver'), models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', ''), _negated=True), models.Q(('reason', ''), _negated=True), ('finding__in', ['explained', 'corrected', 'reported'])), name='acknowledgement_has_proposer_and_reason'), models.CheckConstraint(condition=models.Q(('proposed_as__in', ['security_admin', 'auditor']), models.Q(models.Q(('decided_as', ''), ('decided_by', '')), models.Q(('decided_as__in', ['security_admin', 'auditor']), models.Q(('decided_as', models.F('proposed_as')), _negated=True)), _connector='OR')), name='acknowledgement_takes_both_roles'), models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('alarm',), name='one_waiting_acknowledgement_per_alarm')],
                    },
                ),
                migrations.CreateModel(
                    name='SubjectCount',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('day', models.DateField()),
                        ('kind', models.TextField(choices=[('area', 'Records of one place'), ('official', 'Decisions of one person'), ('source', 'Records of one source'), ('batch', 'One delivery of a source'), ('provider', 'Entries of one provider'), ('version', 'A new version of the rules'), ('instant', 'Records written in the same minute'), ('place', 'People who were at the same place before'), ('registration', 'People who registered on the same day'), ('listed', 'One area on a risk list'), ('publisher', 'Areas listed by one person')])),
                        ('key', models.TextField()),
                        ('red', models.IntegerField()),
                        ('yellow', models.IntegerField()),
                        ('green', models.IntegerField()),
                        ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='subject_counts', to='codes.run')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['kind', 'key', 'day'], name='subject_counts_by_key')],
                        'constraints': [models.UniqueConstraint(fields=('run', 'kind', 'key'), name='subject_is_counted_once_in_a_run'), models.CheckConstraint(condition=models.Q(('kind__in', ['area', 'official', 'source', 'batch', 'provider', 'version', 'instant', 'place', 'registration', 'listed', 'publisher'])), name='counted_subject_is_of_a_kind')],
                    },
                ),
                migrations.CreateModel(
                    name='IdentifiedExport',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('reason', models.TextField(blank=True)),
                        ('proposed_by', models.TextField()),
                        ('proposed_at', models.DateTimeField()),
                        ('decided_by', models.TextField(blank=True, db_default='', default='')),
                        ('decided_at', models.DateTimeField(null=True)),
                        ('decision_reason', models.TextField(blank=True, db_default='', default='')),
                        ('report', models.TextField()),
                        ('file_format', models.TextField()),
                        ('first', models.DateField(null=True)),
                        ('last', models.DateField(null=True)),
                        ('only', models.JSONField(default=dict, help_text='what the rows are narrowed to')),
                        ('state', models.TextField(choices=[('proposed', 'Waits for a second person'), ('approved', 'Confirmed'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn'), ('lapsed', 'Not answered in time')], default='proposed')),
                        ('expires_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'approved', 'refused', 'withdrawn', 'lapsed'])), name='identified_export_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['proposed', 'approved', 'refused', 'withdrawn', 'lapsed']), _negated=True), models.Q(('decided_at__isnull', True), ('decided_by', ''), ('state__in', ['proposed', 'lapsed'])), models.Q(('decided_at__isnull', False), ('state__in', ['approved', 'refused', 'withdrawn']), models.Q(('decided_by', ''), _negated=True)), _connector='OR'), name='identified_export_is_decided_by_somebody'), models.CheckConstraint(condition=models.Q(('state', 'withdrawn'), ('decided_by', ''), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='identified_export_proposer_is_not_approver'), models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', ''), _negated=True), models.Q(('reason', ''), _negated=True)), name='identified_export_has_asker_and_purpose')],
                    },
                ),
                migrations.CreateModel(
                    name='GateDevice',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('reason', models.TextField(blank=True)),
                        ('proposed_by', models.TextField()),
                        ('proposed_at', models.DateTimeField()),
                        ('decided_by', models.TextField(blank=True, db_default='', default='')),
                        ('decided_at', models.DateTimeField(null=True)),
                        ('decision_reason', models.TextField(blank=True, db_default='', default='')),
                        ('name', models.TextField()),
                        ('place', models.TextField()),
                        ('state', models.TextField(choices=[('proposed', 'waits for a second administrator'), ('confirmed', 'confirmed'), ('refused', 'refused'), ('withdrawn', 'withdrawn'), ('revoked', 'revoked')], default='proposed')),
                        ('expires_at', models.DateTimeField()),
                        ('link_hash', models.BinaryField(null=True, unique=True)),
                        ('link_expires_at', models.DateTimeField(null=True)),
                        ('secret_hash', models.BinaryField(null=True)),
                        ('enrolled_at', models.DateTimeField(null=True)),
                        ('revoked_by', models.TextField(blank=True)),
                        ('revoked_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('secret_hash',), name='gate_device_secret_is_of_one_device'), models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'confirmed', 'refused', 'withdrawn', 'revoked'])), name='gate_device_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['proposed', 'confirmed', 'refused', 'withdrawn', 'revoked']), _negated=True), models.Q(('decided_at__isnull', True), ('decided_by', ''), ('state__in', ['proposed'])), models.Q(('decided_at__isnull', False), ('state__in', ['confirmed', 'refused', 'withdrawn', 'revoked']), models.Q(('decided_by', ''), _negated=True)), _connector='OR'), name='gate_device_is_decided_by_somebody'), models.CheckConstraint(condition=models.Q(('state', 'withdrawn'), ('decided_by', ''), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='gate_device_proposer_is_not_approver'), models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', ''), _negated=True), models.Q(('reason', ''), _negated=True), models.Q(('name', ''), _negated=True), models.Q(('place', ''), _negated=True)), name='gate_device_says_what_where_and_why'), models.CheckConstraint(condition=models.Q(models.Q(('enrolled_at__isnull', True), ('secret_hash__isnull', True)), models.Q(('enrolled_at__isnull', False), ('secret_hash__isnull', False), ('state__in', ['confirmed', 'revoked'])), _connector='OR'), name='gate_device_is_confirmed_before_it_has_a_secret'), models.CheckConstraint(condition=models.Q(models.Q(('revoked_at__isnull', True), ('revoked_by', ''), models.Q(('state', 'revoked'), _negated=True)), models.Q(('revoked_at__isnull', False), ('state', 'revoked'), models.Q(('revoked_by', ''), _negated=True)), _connector='OR'), name='gate_device_is_revoked_by_somebody')],
                    },
                ),
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
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'active', 'paused', 'refused', 'withdrawn', 'ended'])), name='webhook_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['proposed', 'active', 'paused', 'refused', 'withdrawn', 'ended']), _negated=True), models.Q(('decided_at__isnull', True), ('decided_by', ''), ('state__in', ['proposed'])), models.Q(('decided_at__isnull', False), ('state__in', ['active', 'paused', 'refused', 'withdrawn', 'ended']), models.Q(('decided_by', ''), _negated=True)), _connector='OR'), name='webhook_is_decided_by_somebody'), models.CheckConstraint(condition=models.Q(('state', 'withdrawn'), ('decided_by', ''), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='webhook_proposer_is_not_approver'), models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', ''), _negated=True), models.Q(('reason', ''), _negated=True)), name='webhook_has_proposer_and_reason'), models.UniqueConstraint(condition=models.Q(('state__in', ['proposed', 'active', 'paused'])), fields=('provider', 'address'), name='one_webhook_per_owner_and_address', nulls_distinct=False), models.CheckConstraint(condition=models.Q(models.Q(('events', []), _negated=True), models.Q(models.Q(('events__contained_by', ['code.changed', 'case.opened', 'case.decided', 'finding.display']), ('provider__isnull', False)), models.Q(('events__contained_by', ['alarm.raised']), ('provider__isnull', True)), _connector='OR')), name='webhook_is_told_what_is_its_owners')],
                    },
                ),
                migrations.CreateModel(
                    name='WebhookDelivery',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('event_id', models.UUIDField(unique=True)),
                        ('event', models.TextField(choices=[('code.changed', "Somebody's colour has changed"), ('case.opened', 'A case was opened'), ('case.decided', 'A case has ended'), ('finding.display', 'Another colour is displayed than should be, or no longer is'), ('alarm.raised', 'The portal raised an alarm')])),
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
                    options={
                        'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['webhook', 'person', 'id'], name='delivery_heads'), models.Index(condition=models.Q(('state', 'waiting')), fields=['webhook', '-urgent', 'id'], name='delivery_queue'), models.Index(fields=['webhook', 'id'], name='delivery_list'), models.Index(fields=['made_at'], name='delivery_age')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'delivered', 'dead', 'superseded'])), name='delivery_state_is_known')],
                    },
                ),
                migrations.CreateModel(
                    name='PaperPass',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('pseudonym_hash', models.BinaryField(unique=True)),
                        ('asked_by', models.TextField()),
                        ('issued_at', models.DateTimeField()),
                        ('expires_at', models.DateTimeField()),
                        ('withdrawn_at', models.DateTimeField(null=True)),
                        ('withdrawn_by', models.TextField(blank=True, db_default='', default='')),
                        ('citizen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='paper_passes', to='codes.citizen')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('issued_at')), ('expires_at__lte', django.db.models.expressions.CombinedExpression(models.F('issued_at'), '+', models.Value(datetime.timedelta(days=365))))), name='paper_pass_is_good_for_a_year_at_most'), models.CheckConstraint(condition=models.Q(models.Q(('withdrawn_at__isnull', True), ('withdrawn_by', '')), models.Q(('withdrawn_at__isnull', False), models.Q(('withdrawn_by', ''), _negated=True)), _connector='OR'), name='paper_pass_is_withdrawn_by_somebody')],
                    },
                ),
                migrations.CreateModel(
                    name='IdempotentAnswer',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('caller', models.TextField(help_text='who called, with their key')),
                        ('key_hash', models.BinaryField()),
                        ('call_hash', models.BinaryField(help_text='of address and body')),
                        ('status', models.IntegerField(help_text='none while the call runs', null=True)),
                        ('answer_encrypted', models.BinaryField(null=True)),
                        ('called_at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [models.Index(fields=['called_at'], name='codes_idemp_called__863435_idx')],
                        'constraints': [models.UniqueConstraint(fields=('caller', 'key_hash'), name='idempotency_key_is_of_one_call')],
                    },
                ),
                migrations.CreateModel(
                    name='UsedNonce',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('nonce', models.TextField()),
                        ('used_at', models.DateTimeField()),
                        ('key', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='codes.providerkey')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['used_at'], name='codes_usedn_used_at_e876a5_idx')],
                        'constraints': [models.UniqueConstraint(fields=('key', 'nonce'), name='nonce_is_used_once')],
                    },
                ),
                migrations.CreateModel(
                    name='GateScan',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('by', models.TextField()),
                        ('at', models.DateTimeField()),
                        ('result', models.TextField()),
                        ('pass_hash', models.BinaryField(null=True)),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('pass_hash__isnull', False)), fields=['pass_hash', 'at'], name='scans_of_a_pass'), models.Index(fields=['at'], name='scans_by_age'), models.Index(fields=['by', 'at'], name='scans_of_a_gate')],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('by', ''), _negated=True), models.Q(('result', ''), _negated=True)), name='scan_says_who_and_what')],
                    },
                ),
                migrations.CreateModel(
                    name='Neighbour',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('division', models.CharField(help_text='GB/T 2260', max_length=6, unique=True)),
                        ('name_zh', models.TextField()),
                        ('name_en', models.TextField()),
                        ('address', models.TextField(help_text='https://host, without a path')),
                        ('listed', models.BooleanField(default=True, help_text='no calls are made to, or taken from, one that is not')),
                        ('keys', models.TextField(blank=True, default='')),
                        ('keys_fetched_at', models.DateTimeField(null=True)),
                        ('schema_name', models.TextField(blank=True, db_default='', default='', help_text='of a city of this installation; empty for others')),
                    ],
                ),
                migrations.CreateModel(
                    name='NeighbourCall',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('nonce', models.TextField()),
                        ('at', models.DateTimeField()),
                        ('neighbour', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='calls', to='codes.neighbour')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['neighbour', 'at'], name='neighbour_calls_by_time')],
                        'constraints': [models.UniqueConstraint(fields=('neighbour', 'nonce'), name='nonce_is_taken_once_from_a_neighbour')],
                    },
                ),
                migrations.CreateModel(
                    name='DisplayChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('what', models.TextField(choices=[('opened', 'Opened'), ('changed', 'Changed'), ('closed', 'Closed')])),
                        ('cause', models.TextField()),
                        ('at', models.DateTimeField()),
                        ('finding', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='history', to='codes.displayfinding')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('what__in', ['opened', 'changed', 'closed'])), name='display_change_is_known')],
                    },
                ),
                migrations.CreateModel(
                    name='Displayed',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('value', models.TextField(help_text='as the provider sent it')),
                        ('colour', models.TextField(blank=True, db_default='', default='')),
                        ('shown_at', models.DateTimeField()),
                        ('citizen', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='displayed', to='codes.citizen')),
                        ('provider', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.provider')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['provider', 'value'], name='displayed_by_value')],
                        'constraints': [models.UniqueConstraint(fields=('citizen', 'provider'), name='displayed_once_per_citizen_and_provider'), models.CheckConstraint(condition=models.Q(('colour__in', ['', 'green', 'yellow', 'red'])), name='displayed_colour_is_known')],
                    },
                ),
                migrations.CreateModel(
                    name='DisplayFinding',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('cause', models.TextField(choices=[('old', 'An earlier colour is still shown'), ('unknown_value', "A value that is not in the provider's map"), ('mapped_elsewhere', 'A value that the map takes for another colour'), ('unexplained', 'Another colour, and nothing explains it')], default='unexplained')),
                        ('value', models.TextField()),
                        ('colour', models.TextField(blank=True)),
                        ('expected', models.TextField()),
                        ('shown_at', models.DateTimeField()),
                        ('old_since', models.DateTimeField(null=True)),
                        ('opened_at', models.DateTimeField()),
                        ('closed_at', models.DateTimeField(null=True)),
                        ('citizen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='display_findings', to='codes.citizen')),
                        ('provider', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.provider')),
                        ('item', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='codes.displayitem')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['closed_at'], name='display_findings_closed')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('citizen', 'provider'), name='one_open_display_finding_per_citizen_and_provider'), models.CheckConstraint(condition=models.Q(('cause__in', ['old', 'unknown_value', 'mapped_elsewhere', 'unexplained']), ('colour__in', ['', 'green', 'yellow', 'red']), ('expected__in', ['green', 'yellow', 'red', 'unknown']), models.Q(('colour', models.F('expected')), _negated=True)), name='display_finding_is_of_two_colours')],
                    },
                ),
                migrations.CreateModel(
                    name='DisplayItem',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('cause', models.TextField(choices=[('old', 'An earlier colour is still shown'), ('unknown_value', "A value that is not in the provider's map"), ('mapped_elsewhere', 'A value that the map takes for another colour'), ('unexplained', 'Another colour, and nothing explains it')])),
                        ('value', models.TextField(blank=True, help_text="of a cause that is one value's; else empty")),
                        ('state', models.TextField(choices=[('open', 'Open'), ('told', 'The provider has been told'), ('mended', 'Mended, as the provider says'), ('closed', 'Closed: nobody is shown it any more')], default='open')),
                        ('opened_at', models.DateTimeField()),
                        ('told_at', models.DateTimeField(null=True)),
                        ('mended_at', models.DateTimeField(null=True)),
                        ('closed_at', models.DateTimeField(null=True)),
                        ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='display_items', to='codes.provider')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'closed'), _negated=True), fields=('provider', 'cause', 'value'), name='one_standing_display_item_per_cause'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', False), ('state', 'closed')), models.Q(('closed_at__isnull', True), ('state__in', ['open', 'told', 'mended'])), _connector='OR'), name='display_item_is_closed_when_its_state_says_so'), models.CheckConstraint(condition=models.Q(models.Q(('cause__in', ['old', 'unexplained']), ('value', '')), models.Q(('cause__in', ['unknown_value', 'mapped_elsewhere']), models.Q(('value', ''), _negated=True)), _connector='OR'), name='display_item_names_a_value_where_it_is_of_one')],
                    },
                ),
                migrations.CreateModel(
                    name='KeptForm',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kept_by', models.TextField(help_text='the citizen who typed it')),
                        ('place', models.TextField()),
                        ('content_encrypted', models.BinaryField()),
                        ('kept_at', models.DateTimeField()),
                    ],
                    options={
                        'indexes': [models.Index(fields=['kept_at'], name='codes_keptf_kept_at_e0286f_idx')],
                        'constraints': [models.UniqueConstraint(fields=('kept_by', 'place'), name='one_kept_form_per_place')],
                    },
                ),
                migrations.CreateModel(
                    name='CityCorrection',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('side', models.TextField(choices=[('sent', 'Asked by this city'), ('received', 'Asked of this city')])),
                        ('state', models.TextField(choices=[('unsent', 'Has not reached the other city yet'), ('asked', 'Asked: the other city looks into it'), ('answered', 'Answered'), ('withdrawn', 'Not sent: nothing was left to ask'), ('received', 'To be decided here'), ('decided', 'Decided: the answer is on its way'), ('told', 'Decided and answered')])),
                        ('reference', models.UUIDField(default=uuid.uuid4)),
                        ('colour', models.TextField(help_text='what the record makes of the person in the asking city')),
                        ('text', models.TextField(help_text="why it is wrong, in the asking city's words")),
                        ('evidence', models.JSONField(default=list, help_text='records and files of the asking city that show it')),
                        ('opened_by', models.TextField()),
                        ('opened_at', models.DateTimeField()),
                        ('due_at', models.DateTimeField()),
                        ('next_try_at', models.DateTimeField(help_text='when the other city is called next', null=True)),
                        ('tries', models.IntegerField(default=0, help_text='calls without an answer since the last one that had one')),
                        ('fault', models.TextField(blank=True, db_default='', default='', help_text='why the last call had none')),
                        ('their_number', models.TextField(blank=True, db_default='', default='', help_text="the asked city's case")),
                        ('escalated_at', models.DateTimeField(null=True)),
                        ('answer', models.TextField(blank=True, choices=[('corrected', 'The record no longer counts'), ('upheld', 'The record was checked and stays'), ('ruled', 'The record stays; two officials ruled the colour'), ('not_ours', 'The city has no such record')], db_default='', default='')),
                        ('answer_text', models.TextField(blank=True, db_default='', default='')),
                        ('ruled_colour', models.TextField(blank=True, db_default='', default='', help_text='of an answer that is a ruling')),
                        ('answered_by', models.TextField(blank=True, db_default='', default='')),
                        ('answered_at', models.DateTimeField(null=True)),
                        ('case', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='city_corrections', to='codes.case')),
                        ('citizen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='city_corrections', to='codes.citizen')),
                        ('fact', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='city_corrections', to='codes.fact')),
                        ('neighbour', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='corrections', to='codes.neighbour')),
                        ('suppression', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='city_corrections', to='codes.suppression')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['side', '-id'], name='city_corrections_by_side'), models.Index(condition=models.Q(('next_try_at__isnull', False)), fields=['next_try_at'], name='city_corrections_to_send')],
                        'constraints': [models.UniqueConstraint(fields=('side', 'neighbour', 'reference'), name='city_correction_is_known_once_by_its_reference'), models.UniqueConstraint(condition=models.Q(('state__in', ['unsent', 'asked'])), fields=('fact',), name='one_open_city_correction_per_record'), models.CheckConstraint(condition=models.Q(models.Q(('side', 'sent'), ('state__in', ['unsent', 'asked', 'answered', 'withdrawn'])), models.Q(('case__isnull', False), ('side', 'received'), ('state__in', ['received', 'decided', 'told'])), _connector='OR'), name='city_correction_is_in_a_state_of_its_side'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['unsent', 'asked', 'withdrawn', 'received']), ('answer', ''), ('answered_at__isnull', True), ('answered_by', '')), models.Q(('answered_at__isnull', False), ('state__in', ['answered', 'decided', 'told']), ('answer__in', ['corrected', 'upheld', 'ruled', 'not_ours']), models.Q(('answered_by', ''), _negated=True)), _connector='OR'), name='city_correction_is_answered_whole'), models.CheckConstraint(condition=models.Q(models.Q(('answer', 'ruled'), ('ruled_colour__in', ['red', 'yellow', 'green'])), models.Q(models.Q(('answer', 'ruled'), _negated=True), ('ruled_colour', '')), _connector='OR'), name='city_correction_names_a_colour_where_one_is_ruled'), models.CheckConstraint(condition=models.Q(models.Q(('text', ''), _negated=True), models.Q(('opened_by', ''), _negated=True), ('colour__in', ['red', 'yellow'])), name='city_correction_says_who_asks_what')],
                    },
                ),
                migrations.CreateModel(
                    name='SecondLook',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('decided_by', models.TextField()),
                        ('case_outcome', models.TextField()),
                        ('drawn_at', models.DateTimeField()),
                        ('looked_by', models.TextField(blank=True, default='')),
                        ('looked_at', models.DateTimeField(null=True)),
                        ('outcome', models.TextField(blank=True, choices=[('agrees', 'agrees: the decision is right'), ('differs', 'differs: it has to be decided again')], default='')),
                        ('reason', models.TextField(blank=True, default='')),
                        ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='second_looks', to='codes.case')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('outcome', '')), fields=['drawn_at', 'id'], name='second_looks_waiting'), models.Index(fields=['looked_at'], name='codes_secon_looked__25002b_idx')],
                        'constraints': [models.UniqueConstraint(condition=models.Q(('outcome', '')), fields=('case',), name='one_second_look_waits_per_case'), models.CheckConstraint(condition=models.Q(('decided_by', ''), _negated=True), name='second_look_is_at_somebodys_decision'), models.CheckConstraint(condition=models.Q(models.Q(('looked_at__isnull', True), ('looked_by', ''), ('outcome', ''), ('reason', '')), models.Q(('looked_at__isnull', False), ('outcome__in', ['agrees', 'differs']), models.Q(('looked_by', ''), _negated=True)), _connector='OR'), name='second_look_is_taken_whole'), models.CheckConstraint(condition=models.Q(('looked_by', models.F('decided_by')), _negated=True), name='second_look_is_anothers'), models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'differs'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='second_look_differs_for_a_reason')],
                    },
                ),
                migrations.CreateModel(
                    name='PublishedWeek',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('monday', models.DateField(unique=True)),
                        ('people', models.BigIntegerField()),
                        ('causes', models.JSONField(default=dict, help_text='primary cause -> disagreements that were found; null: not told')),
                        ('disagreements', models.BigIntegerField(null=True)),
                        ('decided', models.BigIntegerField(null=True)),
                        ('median_hours', models.IntegerField(null=True)),
                        ('published_at', models.DateTimeField()),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('monday__iso_week_day', 1)), name='published_week_begins_on_a_monday'), models.CheckConstraint(condition=models.Q(('people', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('people'), '/', models.Value(10)), '*', models.Value(10)))), name='published_people_are_rounded'), models.CheckConstraint(condition=models.Q(models.Q(('disagreements__isnull', True), ('disagreements', 0), ('disagreements__gte', 10), _connector='OR'), models.Q(('decided__isnull', True), ('decided', 0), ('decided__gte', 10), _connector='OR')), name='published_groups_are_not_small'), models.CheckConstraint(condition=models.Q(('median_hours__isnull', True), models.Q(('decided__gte', 10), ('decided__isnull', False)), _connector='OR'), name='published_median_is_of_a_group')],
                    },
                ),
                migrations.CreateModel(
                    name='Message',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.TextField(choices=[('colour_changed', 'Your code has changed its colour'), ('question_asked', 'An official asks you something'), ('case_decided', 'Your matter was decided'), ('case_reopened', 'A decided matter is worked on again'), ('guardian_asked', 'Somebody asks to show your code'), ('guardian_answered', "Your request to show a relative's code was answered"), ('phone_named', 'Your phone is about to change'), ('ruling_ends', 'A decision about your colour is about to end')])),
                        ('made_at', models.DateTimeField()),
                        ('data', models.JSONField(default=dict)),
                        ('read_at', models.DateTimeField(null=True)),
                        ('urgent', models.BooleanField(db_default=False, default=False)),
                        ('state', models.TextField(choices=[('portal', 'In the portal only'), ('waiting', 'Waits to be sent'), ('sending', 'Being sent'), ('sent', 'Sent'), ('overtaken', 'A newer one was sent instead'), ('late', 'Not sent in time'), ('dead', 'Given up'), ('unsure', 'Perhaps sent')])),
                        ('attempts', models.IntegerField(db_default=0, default=0)),
                        ('next_at', models.DateTimeField(null=True)),
                        ('send_until', models.DateTimeField(help_text='news that is older is not sent by SMS', null=True)),
                        ('lease_until', models.DateTimeField(null=True)),
                        ('tried_at', models.DateTimeField(null=True)),
                        ('fault', models.TextField(blank=True, db_default='', default='', help_text='why the gateway did not take it')),
                        ('about', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.citizen')),
                        ('recipient', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='codes.citizen')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['recipient', '-id'], name='messages_of_a_person'), models.Index(condition=models.Q(('read_at__isnull', True)), fields=['recipient'], name='messages_unread'), models.Index(condition=models.Q(('state', 'waiting')), fields=['-urgent', 'id'], name='messages_to_send'), models.Index(condition=models.Q(('state', 'sending')), fields=['lease_until'], name='messages_being_sent'), models.Index(condition=models.Q(('state__in', ['dead', 'unsure'])), fields=['id'], name='messages_in_trouble'), django.contrib.postgres.indexes.BrinIndex(fields=['made_at'], name='messages_by_age', pages_per_range=32)],
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('lease_until__isnull', False), ('state', 'sending')), models.Q(('lease_until__isnull', True), ('state__in', ['portal', 'waiting', 'sent', 'overtaken', 'late', 'dead', 'unsure'])), _connector='OR'), name='message_being_sent_has_a_lease'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'dead'), _negated=True), models.Q(('fault', ''), _negated=True), _connector='OR'), name='message_given_up_says_why'), models.UniqueConstraint(models.F('recipient'), django.db.models.fields.json.KeyTextTransform('ruling', 'data'), condition=models.Q(('kind', 'ruling_ends')), name='end_of_a_ruling_is_told_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['colour_changed', 'question_asked', 'case_decided', 'case_reopened', 'guardian_asked', 'guardian_answered', 'phone_named', 'ruling_ends'])), name='message_kind_is_known')],
                    },
                ),
                migrations.CreateModel(
                    name='MessageChoice',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('without', models.JSONField(default=list)),
                        ('language', models.TextField(blank=True, db_default='', default='')),
                        ('citizen', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='message_choice', to='codes.citizen')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('language__in', ['', 'zh-hans', 'en'])), name='message_language_is_known'), models.CheckConstraint(condition=models.Q(('without__contained_by', ['colour_changed', 'question_asked', 'case_decided', 'case_reopened', 'guardian_asked', 'guardian_answered', 'phone_named', 'ruling_ends'])), name='kinds_not_sent_are_known')],
                    },
                ),
                migrations.CreateModel(
                    name='StaffMail',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('morning', models.BooleanField(default=True)),
                        ('deadlines', models.BooleanField(default=True)),
                        ('morning_on', models.DateField(null=True)),
                        ('alerted_until', models.DateTimeField(null=True)),
                        ('account', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='mail', to=settings.AUTH_USER_MODEL)),
                    ],
                ),
                migrations.CreateModel(
                    name='CaseNote',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('text', models.TextField()),
                        ('written_by', models.TextField()),
                        ('written_at', models.DateTimeField()),
                        ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='codes.case')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('text', ''), _negated=True), models.Q(('written_by', ''), _negated=True)), name='note_has_words_and_a_writer')],
                    },
                ),
                migrations.CreateModel(
                    name='NoteMention',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('username', models.TextField()),
                        ('opened_at', models.DateTimeField(null=True)),
                        ('note', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mentions', to='codes.casenote')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('opened_at__isnull', True)), fields=['username', 'id'], name='mentions_to_open')],
                        'constraints': [models.UniqueConstraint(fields=('note', 'username'), name='note_mentions_somebody_once'), models.CheckConstraint(condition=models.Q(('username', ''), _negated=True), name='mention_is_of_somebody')],
                    },
                ),
                migrations.CreateModel(
                    name='SavedFilter',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('name', models.TextField()),
                        ('query', models.TextField()),
                        ('is_default', models.BooleanField(default=False)),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='saved_filters', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('account', 'name'), name='saved_filter_has_a_name_of_its_own'), models.UniqueConstraint(fields=('account', 'query'), name='filter_is_saved_once'), models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('account',), name='one_default_filter_per_account'), models.CheckConstraint(condition=models.Q(models.Q(('name', ''), _negated=True), models.Q(('query', ''), _negated=True)), name='saved_filter_says_what_and_how')],
                    },
                ),
                migrations.CreateModel(
                    name='ReplyTemplate',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('use', models.TextField(choices=[('question', 'questions to citizens'), ('decision', 'decisions')])),
                        ('name', models.TextField()),
                        ('text_zh', models.TextField()),
                        ('text_en', models.TextField(blank=True, default='')),
                        ('edited_by', models.TextField()),
                        ('edited_at', models.DateTimeField()),
                        ('retired_at', models.DateTimeField(null=True)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('retired_at__isnull', True)), fields=('use', 'name'), name='reply_template_has_its_own_name'), models.CheckConstraint(condition=models.Q(models.Q(('name', ''), _negated=True), models.Q(('text_zh', ''), _negated=True), models.Q(('edited_by', ''), _negated=True)), name='reply_template_has_name_and_words'), models.CheckConstraint(condition=models.Q(('use__in', ['question', 'decision'])), name='reply_template_use_is_known')],
                    },
                ),
                migrations.CreateModel(
                    name='DueCitizen',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('citizen', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.citizen')),
                        ('foreseen', models.JSONField(null=True)),
                        ('reads_from', models.DateField(null=True)),
                    ],
                ),
                migrations.CreateModel(
                    name='NextChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('next_on', models.DateField(null=True)),
                        ('judged_on', models.DateField(null=True)),
                        ('checked_in', codes.models.entry.DateMultiRangeField(null=True)),
                        ('kinds', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                        ('gone', models.BooleanField(default=False)),
                        ('citizen', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.citizen')),
                        ('provider', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.provider')),
                        ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.run')),
                        ('rests_from', models.DateField(null=True)),
                    ],
                    options={
                        'indexes': [models.Index(fields=['next_on'], name='next_changes_by_day'), models.Index(condition=models.Q(('gone', True)), fields=['run'], name='next_changes_gone')],
                        'constraints': [models.UniqueConstraint(fields=('citizen', 'provider'), name='one_next_change_per_verdict')],
                    },
                ),
                migrations.CreateModel(
                    name='PreparedDiagnosis',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('fingerprint', models.BinaryField()),
                        ('primary_cause', models.TextField()),
                        ('swaps_a_to_b', models.JSONField()),
                        ('swaps_b_to_a', models.JSONField()),
                        ('root_cause', models.JSONField()),
                        ('group_key', models.TextField(blank=True)),
                        ('a', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.provider')),
                        ('b', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.provider')),
                        ('citizen', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.citizen')),
                        ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.run')),
                        ('next_on', models.DateField(help_text='the first day on which days alone can give another explanation', null=True)),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('citizen', 'a', 'b', 'run'), name='pair_is_prepared_once')],
                    },
                ),
                migrations.CreateModel(
                    name='BulkSuppression',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('state', models.TextField(choices=[('proposed', 'Proposed'), ('approved', 'Approved'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn'), ('ended', 'Ended')], default='proposed')),
                        ('reason_code', models.TextField()),
                        ('reason', models.TextField(blank=True)),
                        ('proposed_by', models.TextField()),
                        ('proposed_at', models.DateTimeField()),
                        ('decided_by', models.TextField(blank=True, db_default='', default='')),
                        ('decided_at', models.DateTimeField(null=True)),
                        ('decision_code', models.TextField(blank=True, db_default='', help_text='why it was refused, from a list')),
                        ('decision_reason', models.TextField(blank=True, db_default='', default='')),
                        ('end_reason', models.TextField(blank=True, db_default='')),
                        ('end_proposed_by', models.TextField(blank=True, db_default='')),
                        ('end_proposed_at', models.DateTimeField(null=True)),
                        ('ended_by', models.TextField(blank=True, db_default='')),
                        ('ended_at', models.DateTimeField(null=True)),
                        ('group_key', models.TextField(help_text='as in PairDiagnosis: what the cases have in common')),
                        ('evidence', models.JSONField(default=list, help_text='documents that stand for all of the records')),
                        ('cases', models.IntegerField()),
                        ('records', models.IntegerField()),
                        ('people', models.IntegerField()),
                        ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.run')),
                        ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sources.source')),
                    ],
                    options={
                        'indexes': [models.Index(condition=models.Q(('state', 'proposed')), fields=['proposed_at'], name='bulk_suppressions_to_decide')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'approved', 'refused', 'withdrawn', 'ended'])), name='bulk_suppression_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['proposed', 'approved', 'refused', 'withdrawn', 'ended']), _negated=True), models.Q(('decided_at__isnull', True), ('decided_by', ''), ('state__in', ['proposed', 'withdrawn'])), models.Q(('decided_at__isnull', False), ('state__in', ['approved', 'refused', 'ended']), models.Q(('decided_by', ''), _negated=True)), _connector='OR'), name='bulk_suppression_is_decided_by_somebody'), models.CheckConstraint(condition=models.Q(('state', 'withdrawn'), ('decided_by', ''), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='bulk_suppression_proposer_is_not_approver'), models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', ''), _negated=True), models.Q(('reason_code', ''), _negated=True)), name='bulk_suppression_has_proposer_and_reason'), models.CheckConstraint(condition=models.Q(('end_proposed_by', ''), models.Q(('end_proposed_by', models.F('ended_by')), _negated=True), _connector='OR'), name='bulk_suppression_end_takes_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('end_proposed_at__isnull', True), ('end_proposed_by', ''), ('end_reason', '')), models.Q(('end_proposed_at__isnull', False), models.Q(('end_proposed_by', ''), _negated=True), models.Q(('end_reason', ''), _negated=True)), _connector='OR'), name='bulk_suppression_end_is_proposed_whole'), models.CheckConstraint(condition=models.Q(('evidence__0__isnull', False)), name='bulk_suppression_rests_on_evidence'), models.CheckConstraint(condition=models.Q(('cases__gt', 0), ('people__gt', 0), ('records__gt', 0)), name='bulk_suppression_is_of_a_group'), models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('group_key',), name='one_proposed_bulk_suppression_per_group')],
                    },
                ),
            ],
        ),
        migrations.RunSQL(
            [REFRESH_STATISTICS, FIX_PATH, UNPLANNED],
            "DROP FUNCTION refresh_statistics(text[])",
        ),
        migrations.RunSQL(
            [TELL, TELL_OF_CODES, TELL_OF_CASES, TELL_OF_ALARMS, TELL_OF_DISPLAYS, *TRIGGERS], migrations.RunSQL.noop
        ),
    ]
