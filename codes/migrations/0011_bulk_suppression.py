from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("codes", "0010_root_cause")]

    operations = [
        migrations.RenameModel("Mending", "BulkSuppression"),
        migrations.RenameField("suppression", "mending", "bulk_suppression"),
        migrations.RenameIndex("bulksuppression", "bulk_suppressions_to_decide", "mendings_to_decide"),
        migrations.RemoveConstraint(
            model_name='bulksuppression',
            name='mending_state_is_known',
        ),
        migrations.RemoveConstraint(
            model_name='bulksuppression',
            name='mending_has_proposer_and_reason',
        ),
        migrations.RemoveConstraint(
            model_name='bulksuppression',
            name='mending_end_takes_two_people',
        ),
        migrations.RemoveConstraint(
            model_name='bulksuppression',
            name='mending_end_is_proposed_whole',
        ),
        migrations.RemoveConstraint(
            model_name='bulksuppression',
            name='mending_rests_on_evidence',
        ),
        migrations.RemoveConstraint(
            model_name='bulksuppression',
            name='mending_is_of_a_group',
        ),
        migrations.RemoveConstraint(
            model_name='bulksuppression',
            name='one_proposed_mending_per_group',
        ),
        migrations.RemoveConstraint(
            model_name='bulksuppression',
            name='mending_is_decided_by_somebody',
        ),
        migrations.RemoveConstraint(
            model_name='bulksuppression',
            name='mending_proposer_is_not_approver',
        ),
        migrations.AddConstraint(
            model_name='bulksuppression',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['proposed', 'approved', 'refused', 'withdrawn', 'ended'])), name='bulk_suppression_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='bulksuppression',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['proposed', 'approved', 'refused', 'withdrawn', 'ended']), _negated=True), models.Q(('decided_at__isnull', True), ('decided_by', ''), ('state__in', ['proposed', 'withdrawn'])), models.Q(('decided_at__isnull', False), ('state__in', ['approved', 'refused', 'ended']), models.Q(('decided_by', ''), _negated=True)), _connector='OR'), name='bulk_suppression_is_decided_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='bulksuppression',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'withdrawn'), ('decided_by', ''), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='bulk_suppression_proposer_is_not_approver'),
        ),
        migrations.AddConstraint(
            model_name='bulksuppression',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', ''), _negated=True), models.Q(('reason_code', ''), _negated=True)), name='bulk_suppression_has_proposer_and_reason'),
        ),
        migrations.AddConstraint(
            model_name='bulksuppression',
            constraint=models.CheckConstraint(condition=models.Q(('end_proposed_by', ''), models.Q(('end_proposed_by', models.F('ended_by')), _negated=True), _connector='OR'), name='bulk_suppression_end_takes_two_people'),
        ),
        migrations.AddConstraint(
            model_name='bulksuppression',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end_proposed_at__isnull', True), ('end_proposed_by', ''), ('end_reason', '')), models.Q(('end_proposed_at__isnull', False), models.Q(('end_proposed_by', ''), _negated=True), models.Q(('end_reason', ''), _negated=True)), _connector='OR'), name='bulk_suppression_end_is_proposed_whole'),
        ),
        migrations.AddConstraint(
            model_name='bulksuppression',
            constraint=models.CheckConstraint(condition=models.Q(('evidence__0__isnull', False)), name='bulk_suppression_rests_on_evidence'),
        ),
        migrations.AddConstraint(
            model_name='bulksuppression',
            constraint=models.CheckConstraint(condition=models.Q(('cases__gt', 0), ('people__gt', 0), ('records__gt', 0)), name='bulk_suppression_is_of_a_group'),
        ),
        migrations.AddConstraint(
            model_name='bulksuppression',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('group_key',), name='one_proposed_bulk_suppression_per_group'),
        ),
    ]
