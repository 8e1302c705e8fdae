"""The list of cities, and what goes with it, in one step: what migrations 0001 to 0008 make of an empty schema. One that has some of them goes on with them."""

import django.db.models.deletion
import django_tenants.postgresql_backend.base
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("regions", "0001_initial"),
        ("regions", "0002_operator"),
        ("regions", "0003_openings_as_json"),
        ("regions", "0004_fault_codes"),
        ("regions", "0005_version_2_keys"),
        ("regions", "0006_held_groups"),
        ("regions", "0007_openings_by_two"),
        ("regions", "0008_sunset"),
    ]

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='City',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('schema_name', models.CharField(db_index=True, max_length=63, unique=True, validators=[django_tenants.postgresql_backend.base._check_schema_name])),
                ('name_zh', models.TextField()),
                ('name_en', models.TextField()),
                ('division', models.CharField(help_text='GB/T 2260', max_length=6)),
                ('timezone', models.TextField(default='Asia/Shanghai')),
                ('interim_policy', models.TextField(default='strictest', help_text='strictest | prefer:<provider> | freshest')),
                ('created_at', models.DateTimeField()),
                ('mass_change_share', models.FloatField(default=0.02, help_text='share of the registered above which changes of one cause are held')),
                ('hotline', models.TextField(blank=True, help_text='a telephone number, shown wherever a page can go no further')),
                ('mass_change_least', models.IntegerField(default=20, help_text='people above which changes of one cause are held')),
                ('recognition', models.TextField(choices=[('look_up', 'look it up with the city that issued it'), ('convert', 'issue a pass of this city after a look-up and a declaration here'), ('refuse', 'refuse it and say what to do')], default='look_up')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('division__regex', '^[0-9]{6}$')), name='city_division_is_six_digits'), models.CheckConstraint(condition=models.Q(('interim_policy__regex', '^(strictest|freshest|prefer:.+)$')), name='city_interim_policy_is_known'), models.CheckConstraint(condition=models.Q(('mass_change_least__gte', 1), ('mass_change_share__gte', 0), ('mass_change_share__lte', 1)), name='city_mass_change_is_a_share_and_a_number'), models.CheckConstraint(condition=models.Q(('recognition__in', ['look_up', 'convert', 'refuse'])), name='city_recognition_is_known')],
            },
        ),
        migrations.CreateModel(
            name='Domain',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('domain', models.CharField(db_index=True, max_length=253, unique=True)),
                ('is_primary', models.BooleanField(db_index=True, default=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='domains', to='regions.city')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CityOpening',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.TextField(help_text='random: the address of its page', unique=True)),
                ('schema', models.TextField()),
                ('content', models.BinaryField(null=True)),
                ('asked_by', models.TextField()),
                ('asked_at', models.DateTimeField()),
                ('state', models.TextField(choices=[('asked', 'Asked'), ('waiting', 'Waiting'), ('opening', 'Opening'), ('done', 'Done'), ('refused', 'Refused'), ('failed', 'Failed'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn')], default='asked')),
                ('fence', models.IntegerField(default=0)),
                ('lease_until', models.DateTimeField(null=True)),
                ('attempts', models.IntegerField(default=0)),
                ('created', models.BooleanField(default=False, help_text='the city was made, not changed')),
                ('changed', models.JSONField(default=list, help_text='keys of the file that differed')),
                ('faults', models.JSONField(default=list, help_text='key, code and parameters of each')),
                ('ended_at', models.DateTimeField(null=True)),
                ('first_run', models.BigIntegerField(help_text='a run of the city that the operator started', null=True)),
                ('fault', models.TextField(blank=True, help_text='the code of why it failed')),
                ('params', models.JSONField(default=dict, help_text='what the sentence of the code names')),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.TextField(blank=True, db_default='', default='', help_text='the second operator')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('asked_by', ''), _negated=True), name='opening_has_an_asker'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'failed'), _negated=True), models.Q(('fault', ''), _negated=True), _connector='OR'), name='failed_opening_says_why'), models.CheckConstraint(condition=models.Q(models.Q(('content__isnull', False), ('ended_at__isnull', True), ('state__in', ['asked', 'waiting', 'opening'])), models.Q(('content__isnull', True), ('ended_at__isnull', False), ('state__in', ['done', 'refused', 'failed', 'declined', 'withdrawn'])), _connector='OR'), name='opening_keeps_its_file_until_it_ends'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by', ''), ('state', 'asked')), models.Q(('decided_at__isnull', False), ('decided_by', models.F('asked_by')), ('state', 'withdrawn')), models.Q(models.Q(('state__in', ['asked', 'withdrawn']), _negated=True), models.Q(('decided_by', models.F('asked_by')), _negated=True), models.Q(models.Q(models.Q(('decided_by', ''), _negated=True), ('decided_at__isnull', False)), ('state__in', ['done', 'refused', 'failed']), _connector='OR')), _connector='OR'), name='opening_takes_two_operators')],
            },
        ),
        migrations.CreateModel(
            name='CityStanding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('read_at', models.DateTimeField()),
                ('people', models.BigIntegerField(default=0)),
                ('red', models.BigIntegerField(default=0)),
                ('yellow', models.BigIntegerField(default=0)),
                ('unknown', models.BigIntegerField(default=0)),
                ('disagreements', models.BigIntegerField(default=0)),
                ('open_cases', models.BigIntegerField(default=0)),
                ('overdue_cases', models.BigIntegerField(default=0)),
                ('run_day', models.DateField(null=True)),
                ('run_state', models.TextField(blank=True)),
                ('run_ended_at', models.DateTimeField(null=True)),
                ('sources', models.JSONField(default=list)),
                ('city', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='standing', to='regions.city')),
                ('held_groups', models.BigIntegerField(default=0, help_text='mass changes that wait for two people')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('disagreements__gte', 0), ('open_cases__gte', 0), ('red__gte', 0), ('unknown__gte', 0), ('yellow__gte', 0), ('overdue_cases__gte', 0), ('overdue_cases__lte', models.F('open_cases'))), name='city_standing_is_counts')],
            },
        ),
        migrations.CreateModel(
            name='CitySunset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.TextField(choices=[('asked', 'Asked'), ('confirmed', 'Confirmed'), ('done', 'Done')], default='asked')),
                ('asked_by', models.TextField()),
                ('asked_at', models.DateTimeField()),
                ('confirmed_by', models.TextField(blank=True, db_default='', default='')),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('counts', models.JSONField(null=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('certificate', models.JSONField(null=True)),
                ('city', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='sunset', to='regions.city')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('asked_by', ''), _negated=True), models.Q(models.Q(('confirmed_at__isnull', True), ('confirmed_by', ''), ('state', 'asked')), models.Q(('confirmed_at__isnull', False), ('state__in', ['confirmed', 'done']), models.Q(('confirmed_by', ''), _negated=True), models.Q(('confirmed_by', models.F('asked_by')), _negated=True)), _connector='OR')), name='sunset_takes_two_operators'), models.CheckConstraint(condition=models.Q(models.Q(('certificate__isnull', True), ('done_at__isnull', True), ('state__in', ['asked', 'confirmed'])), models.Q(('certificate__isnull', False), ('counts__isnull', False), ('done_at__isnull', False), ('state', 'done')), _connector='OR'), name='sunset_ends_with_a_certificate')],
            },
        ),
    ]
