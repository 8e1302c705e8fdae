"""One-time codes for citizens' sign-in, and who looked at whose data."""

from django.db import models
from django.db.models import Q

from codes.models.citizen import Citizen
from regions.append_only import AppendOnly

MAX_TRIES = 5


class SignInCode(models.Model):
    """One asked-for code. Numbers nobody has are rows alike, without a citizen: what differs is only whether anything is sent."""

    id_hash = models.BinaryField(help_text="keyed hash of the identity asked for")
    address_hash = models.BinaryField(help_text="keyed hash of the network address that asked")
    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, null=True, related_name="+")
    code_hash = models.BinaryField()
    code_sealed = models.BinaryField(null=True, help_text="until it was handed to the gateway")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["id_hash", "asked_at"]),
            models.Index(fields=["address_hash", "asked_at"]),
            models.Index(fields=["asked_at"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(tries__gte=0, tries__lte=MAX_TRIES), name="sign_in_code_tries_are_limited"
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(citizen__isnull=False), name="used_code_is_a_citizens"
            ),
        ]

    def __str__(self) -> str:
        return f"code of {self.asked_at}"


class PersonAccess(AppendOnly):
    """Identified data of a citizen was revealed: to whom, what, and for which purpose. The citizen reads it."""

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="accesses", db_index=False)
    at = models.DateTimeField()
    by = models.TextField()
    purpose = models.TextField()
    what = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["citizen", "-at", "-id"])]
        constraints = [
            models.CheckConstraint(
                condition=~Q(by="") & ~Q(purpose="") & ~Q(what=""), name="access_says_who_why_and_what"
            )
        ]

    def __str__(self) -> str:
        return f"{self.by} {self.what}"
