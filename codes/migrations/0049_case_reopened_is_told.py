"""Citizens hear that a decided matter is worked on again: one more kind of message."""

from django.db import migrations, models

KINDS = {
    "colour_changed": "Your code has changed its colour",
    "question_asked": "An official asks you something",
    "case_decided": "Your matter was decided",
    "case_reopened": "A decided matter is worked on again",
    "guardian_asked": "Somebody asks to show your code",
    "guardian_answered": "Your request to show a relative's code was answered",
    "phone_named": "Your phone is about to change",
    "ruling_ends": "A decision about your colour is about to end",
}


class Migration(migrations.Migration):
    dependencies = [("codes", "0048_whom_a_run_judges")]

    operations = [
        migrations.RemoveConstraint("message", "message_kind_is_known"),
        migrations.RemoveConstraint("messagechoice", "kinds_not_sent_are_known"),
        migrations.AddConstraint(
            "message", models.CheckConstraint(condition=models.Q(kind__in=list(KINDS)), name="message_kind_is_known")
        ),
        migrations.AddConstraint(
            "messagechoice",
            models.CheckConstraint(condition=models.Q(without__contained_by=list(KINDS)), name="kinds_not_sent_are_known"),
        ),
        migrations.AlterField("message", "kind", models.TextField(choices=list(KINDS.items()))),
    ]
