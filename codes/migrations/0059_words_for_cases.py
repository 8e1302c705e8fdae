"""Kinds of messages are called what a citizen's page calls a case: an appeal or a review. Changes no table."""

from django.db import migrations, models

KINDS = {
    "colour_changed": "Your code has changed its colour",
    "question_asked": "An official asks you something",
    "case_decided": "Your appeal or a review of your code was decided",
    "case_reopened": "A decided appeal or review is worked on again",
    "guardian_asked": "Somebody asks to show your code",
    "guardian_answered": "Your request to show a relative's code was answered",
    "phone_named": "Your phone is about to change",
    "ruling_ends": "A decision about your colour is about to end",
}


class Migration(migrations.Migration):
    dependencies = [("codes", "0058_titles_of_rule_sets")]

    operations = [migrations.AlterField("message", "kind", models.TextField(choices=list(KINDS.items())))]
