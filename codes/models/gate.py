"""Gates: the devices that check passes, and the scans they made."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from regions.actors import GATE_PREFIX
from regions.proposals import Proposal, two_people
from regions.rights import AppendOnly
from regions.staff.roles import Role


class GateDeviceState(models.TextChoices):
    PROPOSED = "proposed", _("waits for a second administrator")
    CONFIRMED = "confirmed", _("confirmed")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("withdrawn")
    REVOKED = "revoked", _("revoked")


class GateDevice(AppendOnly, Proposal):
    """A browser or machine at a gate.

    Two system administrators enrol it; one revokes it. It receives only the results of checks.

    ``link_hash`` is the hash of a link that gives the device its secret once; both are stored as hashes only.
    ``pass_keys``: the city's keys for passes, set on a device that was looked up by its secret, because they are read
    by the same query.
    """

    pass_keys: list[Any] | None = None

    State = GateDeviceState
    SUBJECT: ClassVar[str] = GATE_PREFIX
    APPROVED: ClassVar[str] = GateDeviceState.CONFIRMED
    PROPOSERS: ClassVar[tuple[Role, ...]] = (Role.SYSTEM_ADMIN,)
    DECIDERS: ClassVar[Role] = Role.SYSTEM_ADMIN
    ACTS: ClassVar[str] = "gate.device_"
    updatable_columns: ClassVar[tuple[str, ...]] = (
        "state",
        "decided_by",
        "decided_at",
        "decision_reason",
        "link_hash",
        "link_expires_at",
        "secret_hash",
        "enrolled_at",
        "revoked_by",
        "revoked_at",
    )

    name = models.TextField()
    place = models.TextField()
    state = models.TextField(choices=GateDeviceState.choices, default=GateDeviceState.PROPOSED)
    expires_at = models.DateTimeField()
    link_hash = models.BinaryField(null=True, unique=True)
    link_expires_at = models.DateTimeField(null=True)
    secret_hash = models.BinaryField(null=True)
    enrolled_at = models.DateTimeField(null=True)
    revoked_by = models.TextField(blank=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["secret_hash"], name="gate_device_secret_is_of_one_device"),
            *two_people("gate_device", GateDeviceState, decided=["confirmed", "refused", "withdrawn", "revoked"]),
            models.CheckConstraint(
                condition=~Q(proposed_by="") & ~Q(reason="") & ~Q(name="") & ~Q(place=""),
                name="gate_device_says_what_where_and_why",
            ),
            models.CheckConstraint(
                condition=Q(secret_hash__isnull=True, enrolled_at__isnull=True)
                | Q(secret_hash__isnull=False, enrolled_at__isnull=False, state__in=["confirmed", "revoked"]),
                name="gate_device_is_confirmed_before_it_has_a_secret",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by="") & ~Q(state="revoked")
                | Q(revoked_at__isnull=False, state="revoked") & ~Q(revoked_by=""),
                name="gate_device_is_revoked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        return f"{self.SUBJECT}{self.pk}"

    def described(self) -> dict[str, Any]:
        """Return its data for the journal. Name and place are free text and are omitted."""
        return {"device": self.pk, "proposed_by": self.proposed_by, "expires_at": self.expires_at.isoformat()}


class GateScan(AppendOnly):
    """A record that a pass was checked: where, when and with which result. It does not contain whose pass it was.

    ``pass_hash`` identifies scans of the same pass; null for a code that no city signed. ``by`` is a device or another
    caller.
    """

    by = models.TextField()
    at = models.DateTimeField()
    result = models.TextField()
    pass_hash = models.BinaryField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["pass_hash", "at"], condition=Q(pass_hash__isnull=False), name="scans_of_a_pass"),
            models.Index(fields=["at"], name="scans_by_age"),
            models.Index(fields=["by", "at"], name="scans_of_a_gate"),
        ]
        constraints = [models.CheckConstraint(condition=~Q(by="") & ~Q(result=""), name="scan_says_who_and_what")]

    def __str__(self) -> str:
        return f"{self.result} at {self.by}"
