"""The mail that a member of staff receives, and which of it was sent."""

from django.db import models

from regions.staff.models import Account


class StaffMail(models.Model):
    """The mail settings of one account with an address. Without a row: all mail is wanted and none was sent yet.

    ``morning_on`` is the last day whose digest was sent. The account was alerted to the cases due until
    ``alerted_until``.
    """

    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="mail")
    morning = models.BooleanField(default=True)
    deadlines = models.BooleanField(default=True)
    morning_on = models.DateField(null=True)
    alerted_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"mail of {self.account_id}"
