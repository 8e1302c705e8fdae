"""What a citizen says against their colour."""

from django.db import models
from django.db.models import Q

from codes.models.case import Case
from codes.models.fact import Fact
from codes.models.provider import Provider


class Appeal(models.Model):
    """The citizen's side of a case of kind ``appeal``: which provider's hit it is about, and why it is thought wrong."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="appeal")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="+")
    rule = models.TextField(help_text="code of the rule whose hit it is about")
    fact = models.ForeignKey(Fact, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason_code = models.TextField()
    text = models.TextField(blank=True)
    tested_on = models.DateField(null=True)
    colour = models.TextField(help_text="the effective colour when it was filed")
    filed_by = models.TextField(help_text="citizen:<ref>; a guardian's for a dependant")
    filed_at = models.DateTimeField()
    withdraw_until = models.DateTimeField()
    disagreement = models.TextField(blank=True, db_default="", help_text="what the citizen says to the denial")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason_code="") & ~Q(filed_by=""), name="appeal_has_a_reason_and_a_filer"
            ),
            models.CheckConstraint(
                condition=Q(withdraw_until__gte=models.F("filed_at")), name="appeal_can_be_withdrawn_for_a_while"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.reason_code}"
