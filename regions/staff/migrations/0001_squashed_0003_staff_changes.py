"""Accounts of staff, in one step: what migrations 0001 to 0003 make of an empty schema. One that has some of them goes on with them."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("staff", "0001_initial"),
        ("staff", "0002_shared_cache"),
        ("staff", "0003_staff_changes"),
    ]

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('username', models.CharField(max_length=80, unique=True)),
                ('full_name', models.TextField(blank=True)),
                ('email', models.EmailField(blank=True, max_length=254)),
                ('is_active', models.BooleanField(default=True)),
                ('must_change_password', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField()),
                ('office', models.TextField(blank=True, db_default='')),
            ],
            options={
                'abstract': False,
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), condition=models.Q(('email', ''), _negated=True), name='email_is_of_one_account')],
            },
        ),
        migrations.CreateModel(
            name='RoleGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.TextField(choices=[('reviewer', 'reviewer'), ('approver', 'approver'), ('source_manager', 'source_manager'), ('rule_manager', 'rule_manager'), ('auditor', 'auditor'), ('system_admin', 'system_admin'), ('security_admin', 'security_admin'), ('audit_admin', 'audit_admin')])),
                ('granted_by', models.TextField()),
                ('granted_at', models.DateTimeField()),
                ('revoked_by', models.TextField(blank=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('revoked_at__isnull', True)), fields=('account', 'role'), name='role_is_granted_once_at_a_time'), models.CheckConstraint(condition=models.Q(('role__in', ['reviewer', 'approver', 'source_manager', 'rule_manager', 'auditor', 'system_admin', 'security_admin', 'audit_admin'])), name='granted_role_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('revoked_at__isnull', True), ('revoked_by', '')), models.Q(('revoked_at__isnull', False), models.Q(('revoked_by', ''), _negated=True)), _connector='OR'), name='role_revoked_at_and_by_go_together')],
            },
        ),
        migrations.CreateModel(
            name='CacheEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key_hash', models.BinaryField(unique=True)),
                ('value', models.JSONField()),
                ('until', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='EnrolmentLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('token_hash', models.BinaryField(null=True, unique=True)),
                ('tries', models.IntegerField(default=0, help_text='how often a worker began to send it')),
                ('tried_at', models.DateTimeField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('used_at', models.DateTimeField(null=True)),
                ('voided_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='enrolment_links', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('used_at__isnull', True), models.Q(('voided_at__isnull', True), ('token_hash__isnull', False)), _connector='OR'), name='enrolment_link_is_used_or_void'), models.UniqueConstraint(condition=models.Q(('used_at__isnull', True), ('voided_at__isnull', True)), fields=('account',), name='one_open_enrolment_link_of_an_account')],
            },
        ),
        migrations.CreateModel(
            name='StaffChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField(blank=True)),
                ('proposed_by', models.TextField()),
                ('proposed_at', models.DateTimeField()),
                ('decided_by', models.TextField(blank=True, db_default='', default='')),
                ('decided_at', models.DateTimeField(null=True)),
                ('decision_reason', models.TextField(blank=True, db_default='', default='')),
                ('kind', models.TextField(choices=[('account', 'New account'), ('roles', 'Other roles'), ('reopening', 'Open a closed account again'), ('reset', 'New password and one-time codes'), ('email', 'Other e-mail address')])),
                ('username', models.TextField()),
                ('state', models.TextField(choices=[('proposed', 'waits for a second administrator'), ('confirmed', 'confirmed'), ('refused', 'refused'), ('withdrawn', 'withdrawn'), ('expired', 'expired')], default='proposed')),
                ('values', models.JSONField(default=dict)),
                ('before', models.JSONField(default=dict)),
                ('expires_at', models.DateTimeField()),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='changes', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'confirmed', 'refused', 'withdrawn', 'expired'])), name='staff_change_state_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['proposed', 'confirmed', 'refused', 'withdrawn', 'expired']), _negated=True), models.Q(('decided_at__isnull', True), ('decided_by', ''), ('state__in', ['proposed', 'expired'])), models.Q(('decided_at__isnull', False), ('state__in', ['confirmed', 'refused', 'withdrawn']), models.Q(('decided_by', ''), _negated=True)), _connector='OR'), name='staff_change_is_decided_by_somebody'), models.CheckConstraint(condition=models.Q(('state', 'withdrawn'), ('decided_by', ''), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='staff_change_proposer_is_not_approver'), models.CheckConstraint(condition=models.Q(('kind__in', ['account', 'roles', 'reopening', 'reset', 'email'])), name='staff_change_kind_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', ''), _negated=True), models.Q(('reason', ''), _negated=True)), name='staff_change_has_proposer_and_reason'), models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', models.F('username')), _negated=True), models.Q(('decided_by', models.F('username')), _negated=True)), name='staff_change_is_of_a_third_person'), models.CheckConstraint(condition=models.Q(models.Q(('account__isnull', True), ('kind', 'account'), models.Q(('state', 'confirmed'), _negated=True)), models.Q(('account__isnull', False), models.Q(models.Q(('kind', 'account'), _negated=True), ('state', 'confirmed'), _connector='OR')), _connector='OR'), name='staff_change_has_its_account'), models.UniqueConstraint(django.db.models.functions.text.Lower('username'), models.F('kind'), condition=models.Q(('state', 'proposed')), name='one_waiting_staff_change_of_a_kind')],
            },
        ),
    ]
