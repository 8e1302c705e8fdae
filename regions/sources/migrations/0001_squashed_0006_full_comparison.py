"""A city's sources, in one step: what migrations 0001 to 0006 make of an empty schema. One that has some of them goes on with them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("sources", "0001_initial"),
        ("sources", "0002_held_batches"),
        ("sources", "0003_changes_and_retries"),
        ("sources", "0004_one_kind_of_proposal"),
        ("sources", "0005_version_2_keys"),
        ("sources", "0006_full_comparison"),
    ]

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.TextField(unique=True)),
                ('kind', models.TextField(choices=[('police_database', 'police database (SQL)'), ('big_data_centre', 'big-data centre (HTTP)')])),
                ('title_zh', models.TextField()),
                ('title_en', models.TextField()),
                ('credential', models.BinaryField(help_text='encrypted; none = read from credential_env', null=True)),
                ('credential_env', models.TextField(blank=True)),
                ('records_view', models.TextField(blank=True)),
                ('clock_view', models.TextField(blank=True)),
                ('base_url', models.TextField(blank=True)),
                ('app_id', models.TextField(blank=True)),
                ('page_size', models.IntegerField(default=1000)),
                ('max_age_hours', models.FloatField(default=26)),
                ('max_bad_share', models.FloatField(default=0.05)),
                ('kinds', models.JSONField(default=dict, help_text='their word -> our kind')),
                ('full_every_days', models.IntegerField(default=7, help_text='a full comparison at least this often')),
                ('overlap_hours', models.FloatField(default=24, help_text='how far behind the horizon a collection looks again')),
                ('retired', models.BooleanField(default=False, help_text='no longer collected or shown; its history stays')),
                ('still', models.DateField(help_text='the day this source writes for no end', null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['police_database', 'big_data_centre'])), name='source_kind_is_known'), models.CheckConstraint(condition=models.Q(('max_age_hours__gt', 0)), name='source_max_age_is_positive'), models.CheckConstraint(condition=models.Q(('max_bad_share__gte', 0), ('max_bad_share__lte', 1)), name='source_bad_share_is_a_share'), models.CheckConstraint(condition=models.Q(('full_every_days__gte', 1), ('overlap_hours__gte', 0)), name='source_looks_back_and_compares')],
            },
        ),
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.TextField(choices=[('staging', 'Staging'), ('accepted', 'Accepted'), ('refused', 'Refused'), ('held', 'Held')], default='staging')),
                ('since', models.DateTimeField(help_text='none = everything', null=True)),
                ('as_of', models.DateTimeField(null=True)),
                ('started_at', models.DateTimeField()),
                ('received_at', models.DateTimeField(help_text='when the city accepted it', null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('reason', models.TextField(blank=True, help_text='reason code of a refusal or hold')),
                ('parts', models.JSONField(default=dict, help_text="fills the places in the reason's sentence")),
                ('delivered', models.IntegerField(default=0)),
                ('unchanged', models.IntegerField(default=0)),
                ('accepted', models.IntegerField(default=0)),
                ('quarantined', models.IntegerField(default=0)),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='sources.source')),
                ('held_at', models.DateTimeField(help_text='when it was kept for two people; stays, whatever they decided', null=True)),
                ('release_asked_at', models.DateTimeField(null=True)),
                ('release_asked_by', models.TextField(blank=True, db_default='', help_text='the first of the two')),
                ('released_at', models.DateTimeField(null=True)),
                ('released_by', models.TextField(blank=True, db_default='')),
                ('is_retry', models.BooleanField(db_default=False, default=False, help_text='records of earlier ones, out of quarantine')),
                ('address', models.BinaryField(help_text='keyed hash of where the source was', null=True)),
                ('changed', models.IntegerField(db_default=0, default=0, help_text='other content, recorded at the same moment')),
                ('compared', models.IntegerField(help_text='of a full comparison: how many records the source has', null=True)),
                ('full', models.BooleanField(db_default=False, default=False, help_text='all records of the source were compared')),
                ('late', models.IntegerField(db_default=0, default=0, help_text='new, though recorded before the horizon')),
                ('missing', models.IntegerField(db_default=0, default=0, help_text='the city holds them, the source has them no more')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'accepted')), fields=['source', '-received_at'], name='batch_horizon')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['staging', 'accepted', 'refused', 'held'])), name='batch_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'accepted'), _negated=True), models.Q(('as_of__isnull', False), ('closed_at__isnull', False), ('received_at__isnull', False)), _connector='OR'), name='accepted_batch_has_its_instants'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'refused'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='refused_batch_has_a_reason'), models.CheckConstraint(condition=models.Q(('received_at__isnull', True), ('received_at__gte', models.F('started_at')), _connector='OR'), name='batch_received_after_start'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'held'), _negated=True), ('held_at__isnull', False), _connector='OR'), name='held_batch_says_since_when'), models.CheckConstraint(condition=models.Q(models.Q(('release_asked_at__isnull', True), ('release_asked_by', '')), models.Q(('held_at__isnull', False), ('release_asked_at__isnull', False), models.Q(('release_asked_by', ''), _negated=True)), _connector='OR'), name='release_of_a_held_batch_is_asked_by_somebody'), models.CheckConstraint(condition=models.Q(models.Q(('released_at__isnull', True), ('released_by', '')), models.Q(('release_asked_at__isnull', False), ('released_at__isnull', False), models.Q(('released_by', ''), _negated=True), models.Q(('released_by', models.F('release_asked_by')), _negated=True)), _connector='OR'), name='held_batch_is_released_by_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'accepted'), _negated=True), ('held_at__isnull', True), ('released_at__isnull', False), _connector='OR'), name='held_batch_is_accepted_by_release_only')],
            },
        ),
        migrations.CreateModel(
            name='StagedRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.IntegerField()),
                ('record_id', models.TextField()),
                ('id_type', models.TextField()),
                ('id_hash', models.BinaryField()),
                ('id_encrypted', models.BinaryField()),
                ('full_name', models.TextField(blank=True)),
                ('kind', models.TextField()),
                ('area', models.TextField(null=True)),
                ('started_on', models.DateField()),
                ('ended_on', models.DateField(null=True)),
                ('recorded_at', models.DateTimeField()),
                ('revoked', models.BooleanField()),
                ('detail', models.JSONField(default=dict)),
                ('digest', models.BinaryField()),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='staged', to='sources.batch')),
            ],
            options={
                'indexes': [models.Index(fields=['batch', 'record_id'], name='sources_sta_batch_i_9c248a_idx')],
            },
        ),
        migrations.CreateModel(
            name='Quarantined',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.IntegerField()),
                ('reason', models.TextField()),
                ('field', models.TextField(blank=True)),
                ('message', models.TextField(blank=True)),
                ('raw', models.BinaryField()),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='quarantine', to='sources.batch')),
                ('taken_in', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='retried', to='sources.batch')),
                ('record_id', models.TextField(blank=True, db_default='', help_text='empty if it cannot be read')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('taken_in__isnull', True)), fields=['batch', '-id'], name='quarantine_waiting')],
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='quarantined_record_has_a_reason'), models.CheckConstraint(condition=models.Q(('taken_in__isnull', True), models.Q(('taken_in', models.F('batch')), _negated=True), _connector='OR'), name='quarantined_record_is_taken_later')],
            },
        ),
        migrations.CreateModel(
            name='SourceChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.TextField(choices=[('proposed', 'Proposed'), ('in_force', 'In Force'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn')], default='proposed')),
                ('values', models.JSONField(default=dict, help_text='column -> new value')),
                ('before', models.JSONField(default=dict, help_text='column -> value when it was proposed')),
                ('credential', models.BinaryField(help_text='encrypted; none = the credential stays', null=True)),
                ('effect', models.JSONField(default=dict, help_text='what it would do, as it was shown')),
                ('reason', models.TextField(blank=True)),
                ('proposed_by', models.TextField()),
                ('proposed_at', models.DateTimeField()),
                ('decided_by', models.TextField(blank=True, db_default='', default='')),
                ('decided_at', models.DateTimeField(null=True)),
                ('decision_reason', models.TextField(blank=True, db_default='', default='')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='sources.source')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('source',), name='one_open_change_per_source'), models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'in_force', 'refused', 'withdrawn'])), name='source_change_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('values', {}), _negated=True), ('credential__isnull', False), _connector='OR'), name='source_change_changes_something'), models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', ''), _negated=True), models.Q(('reason', ''), _negated=True)), name='source_change_has_proposer_and_reason'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['proposed', 'in_force', 'refused', 'withdrawn']), _negated=True), models.Q(('decided_at__isnull', True), ('decided_by', ''), ('state__in', ['proposed'])), models.Q(('decided_at__isnull', False), ('state__in', ['in_force', 'refused', 'withdrawn']), models.Q(('decided_by', ''), _negated=True)), _connector='OR'), name='source_change_is_decided_by_somebody'), models.CheckConstraint(condition=models.Q(('state', 'withdrawn'), ('decided_by', ''), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='source_change_proposer_is_not_approver')],
            },
        ),
        migrations.CreateModel(
            name='BatchFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.TextField(choices=[('late', 'Recorded before the horizon, and new to the city'), ('changed', 'Changed without being recorded anew'), ('missing', 'Gone from the source')])),
                ('record_id', models.TextField()),
                ('recorded_at', models.DateTimeField()),
                ('batch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='sources.batch')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('batch', 'kind', 'record_id'), name='record_is_found_once_in_a_batch'), models.CheckConstraint(condition=models.Q(('kind__in', ['late', 'changed', 'missing'])), name='finding_is_of_a_kind')],
            },
        ),
        migrations.CreateModel(
            name='RangeHashes',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bits', models.IntegerField()),
                ('digests', models.BinaryField()),
                ('reading', models.BinaryField()),
                ('batch', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='range_hashes', to='sources.batch')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('bits__gte', 1), ('bits__lte', 16)), name='ranges_are_of_16_bits')],
            },
        ),
    ]
