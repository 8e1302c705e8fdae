"""A person known to a city."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from regions.actors import CITIZEN_PREFIX
from regions.keys.encryption import ID_NUMBER, PHONE, SIGN_IN_CODE
from regions.keys.models import Encrypted
from regions.rights import AppendOnly
from regions.transitions import TransitionTable


class CitizenQuerySet(models.QuerySet["Citizen"]):
    def by_ref(self, ref: str) -> Self:
        """Return the citizen with this reference, including a reference from before two citizens were joined."""
        return self.filter(Q(ref=ref) | Q(former_refs__ref=ref)).distinct()


class Citizen(Encrypted):
    """Identified by (``id_type``, ``id_number``); the number is encrypted and found by its keyed hash."""

    encrypted: ClassVar[Mapping[str, str]] = {"id_encrypted": ID_NUMBER, "phone_encrypted": PHONE}

    ref = models.TextField(unique=True, help_text="stable within the city, says nothing outside it")
    id_type = models.TextField()
    id_hash = models.BinaryField(unique=True)
    id_encrypted = models.BinaryField()
    full_name = models.TextField(blank=True)
    names_differ = models.BooleanField(
        default=False, db_default=False, help_text="origins give clearly different names (``StatedName``)"
    )
    phone_encrypted = models.BinaryField(null=True)
    phone_hash = models.BinaryField(null=True)
    known_since = models.DateTimeField()

    objects = CitizenQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(id_type=""), name="citizen_has_an_id_type")]

    def __str__(self) -> str:
        return self.ref

    @property
    def actor(self) -> str:
        """The value of ``by`` when the citizen acts."""
        return f"{CITIZEN_PREFIX}{self.ref}"

    @property
    def subject(self) -> str:
        """The subject of journal entries about the citizen."""
        return self.actor


class FormerRef(AppendOnly):
    """The former reference of a citizen who proved to be the same person as another.

    The journal, notes and exports still contain it.
    """

    ref = models.TextField(unique=True)
    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="former_refs")
    joined_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.ref} is {self.citizen_id}"


class Guardianship(models.Model):
    """A dependant whose code is shown on another citizen's phone. It has effect from its acceptance until it ends."""

    class State(models.TextChoices):
        ASKED = "asked"
        ACCEPTED = "accepted"
        REFUSED = "refused"
        ENDED = "ended"

    TRANSITIONS = TransitionTable.of(
        (State.ASKED, "accept", State.ACCEPTED),
        (State.ASKED, "refuse", State.REFUSED),
        ((State.ASKED, State.ACCEPTED), "end", State.ENDED),
    )

    guardian = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="dependants")
    dependant = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="guardians")
    relation = models.TextField(db_default="other", default="other")
    asked_at = models.DateTimeField()
    reviewed_by = models.TextField(blank=True)
    reviewed_at = models.DateTimeField(null=True)
    accepted = models.BooleanField(null=True)
    refusal = models.TextField(blank=True, db_default="", help_text="why it was refused, in words for the guardian")
    ended_by = models.TextField(blank=True, db_default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["asked_at", "id"],
                condition=Q(reviewed_at__isnull=True, ended_at__isnull=True),
                name="guardianships_to_review",
            ),
            # For messages to guardians: they are looked up from each person whose colour changes.
            models.Index(
                fields=["dependant"], condition=Q(accepted=True, ended_at__isnull=True), name="guardians_in_force"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["guardian", "dependant"],
                condition=Q(ended_at__isnull=True),
                name="one_open_guardianship_per_pair",
            ),
            models.CheckConstraint(condition=~Q(guardian=models.F("dependant")), name="nobody_is_their_own_guardian"),
            models.CheckConstraint(
                condition=Q(reviewed_at__isnull=True, reviewed_by="")
                | Q(reviewed_at__isnull=False) & ~Q(reviewed_by=""),
                name="guardianship_reviewed_at_and_by_go_together",
            ),
            models.CheckConstraint(
                condition=Q(accepted__isnull=True, reviewed_at__isnull=True)
                | Q(accepted__isnull=False, reviewed_at__isnull=False),
                name="guardianship_is_answered_by_its_review",
            ),
            models.CheckConstraint(
                condition=~Q(accepted=False) | Q(ended_at__isnull=False) & ~Q(refusal=""),
                name="refused_guardianship_is_over_and_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.guardian_id} for {self.dependant_id}"

    @property
    def state(self) -> State:
        """The state, derived from the columns. Constraints keep the columns consistent."""
        if self.accepted is False:
            return self.State.REFUSED
        if self.ended_at is not None:
            return self.State.ENDED
        return self.State.ACCEPTED if self.accepted else self.State.ASKED


MAX_TRIES = 5


class SignInCodeQuerySet(models.QuerySet["SignInCode"]):
    def usable(self, id_hash: bytes, browser_hash: bytes, *, now: datetime) -> Self:
        """Return the codes requested for an ID number in one browser that can still be used."""
        here = self.filter(id_hash=id_hash, browser_hash=browser_hash)
        return here.filter(used_at__isnull=True, expires_at__gt=now, tries__lt=MAX_TRIES)


class SignInCode(Encrypted):
    """One requested sign-in code.

    A number that belongs to nobody gets the same row without a citizen; the only difference is whether a message is
    sent.
    """

    encrypted: ClassVar[Mapping[str, str]] = {"code_sealed": SIGN_IN_CODE}

    id_hash = models.BinaryField(help_text="keyed hash of the identity asked for")
    address_hash = models.BinaryField(help_text="keyed hash of the network address that asked")
    browser_hash = models.BinaryField(
        default=b"", help_text="keyed hash of the browser that asked; it works there only"
    )
    has_signed_in_before = models.BooleanField(default=False, help_text="that browser, as this number")
    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, null=True, related_name="+")
    code_hash = models.BinaryField()
    code_sealed = models.BinaryField(null=True, help_text="until it was handed to the gateway")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    objects = SignInCodeQuerySet.as_manager()

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
    """A record that identified data of a citizen was revealed: to whom, what, and for which purpose.

    The citizen can read it.
    """

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
