"""The mail that a member of the staff wants, and what of it was sent."""

from django.db import models

from regions.staff.models import Account


class StaffMail(models.Model):
    """Of one account with an address. No row: all of it, and nothing was sent yet.

    ``morning_on`` is the last day whose digest was sent; of cases that were due until ``alerted_until`` the account was told.
    """

    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="mail")
    morning = models.BooleanField(default=True)
    deadlines = models.BooleanField(default=True)
    morning_on = models.DateField(null=True)
    alerted_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"mail of {self.account_id}"
