from django.db import migrations, models

# Django's own table until now. Who is signed in stays so, and the web servers of the release before go on with it meanwhile.
# One statement at a time: a cluster takes no two in a message.
AS_IT_WAS = [
    """
    CREATE TABLE IF NOT EXISTS django_session (
        session_key varchar(40) NOT NULL PRIMARY KEY,
        session_data text NOT NULL,
        expire_date timestamp with time zone NOT NULL
    )
    """,
    "CREATE INDEX IF NOT EXISTS django_session_session_key_c0390e0f_like ON django_session (session_key varchar_pattern_ops)",
    "CREATE INDEX IF NOT EXISTS django_session_expire_date_a5c62663 ON django_session (expire_date)",
]


class Migration(migrations.Migration):

    dependencies = [
        ('staff', '0001_squashed_0003_staff_changes'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(AS_IT_WAS, migrations.RunSQL.noop)],
            state_operations=[
                migrations.CreateModel(
                    name='Session',
                    fields=[
                        ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='session key')),
                        ('session_data', models.TextField(verbose_name='session data')),
                        ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                    ],
                    options={
                        'verbose_name': 'session',
                        'verbose_name_plural': 'sessions',
                        'db_table': 'django_session',
                        'abstract': False,
                    },
                ),
            ],
        ),
        migrations.AddField(
            model_name='session',
            name='citizen_id',
            field=models.BigIntegerField(null=True),
        ),
    ]
