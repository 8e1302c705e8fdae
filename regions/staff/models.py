"""Accounts of a city's staff, their roles, changes and sessions. Citizens have no accounts: they sign in with a code sent by SMS."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from regions.accounted import Accounted
from regions.proposals import PROPOSED, Proposal, two_people
from regions.rights import AppendOnly
from regions.staff.roles import Role


class Account(AppendOnly, Accounted, AbstractBaseUser):
    """The account of one person in one city. ``regions.staff.accounts`` creates it; it may be closed, and is never deleted or renamed."""

    updatable_columns: ClassVar[tuple[str, ...]] = (
        "password",
        "last_login",
        "full_name",
        "office",
        "email",
        "is_active",
        "must_change_password",
    )

    told_by_digest: ClassVar[tuple[str, ...]] = ("full_name", "office", "email")
    left_out: ClassVar[tuple[str, ...]] = ("password", "last_login", "must_change_password")

    username = models.CharField(max_length=80, unique=True)
    full_name = models.TextField(blank=True)
    office = models.TextField(blank=True, db_default="")
    email = models.EmailField(blank=True)
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    is_staff = False
    is_superuser = False

    objects = BaseUserManager["Account"]()

    class Meta:
        constraints = [
            # Two accounts with one mail box would be one person.
            models.UniqueConstraint(Lower("email"), condition=~Q(email=""), name="email_is_of_one_account"),
        ]

    def __str__(self) -> str:
        return self.username

    def get_full_name(self) -> str:
        """Return the person's name, or the user name if no name is known."""
        return self.full_name or self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write only the columns that may be updated: libraries save whole rows, and the database would refuse the others."""
        if not self._state.adding and kwargs.get("update_fields") is None:
            kwargs["update_fields"] = self.updatable_columns
        super().save(*args, **kwargs)

    @property
    def roles(self) -> frozenset[Role]:
        """Return the roles granted and not revoked."""
        return frozenset(Role(r) for r in self.grants.filter(revoked_at__isnull=True).values_list("role", flat=True))


class RoleGrant(AppendOnly, Accounted):
    """A role of an account, with who granted it and when, and who revoked it and when. It is revoked, never deleted."""

    updatable_columns: ClassVar[tuple[str, ...]] = ("revoked_by", "revoked_at")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="grants")
    role = models.TextField(choices=[(role.value, role.value) for role in Role])
    granted_by = models.TextField()
    granted_at = models.DateTimeField()
    revoked_by = models.TextField(blank=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "role"], condition=Q(revoked_at__isnull=True), name="role_is_granted_once_at_a_time"
            ),
            models.CheckConstraint(condition=Q(role__in=[role.value for role in Role]), name="granted_role_is_known"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by="") | Q(revoked_at__isnull=False) & ~Q(revoked_by=""),
                name="role_revoked_at_and_by_go_together",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.role}"


class CacheEntry(models.Model):
    """A used one-time code or the attempts within a rate limit (``portal.staff_sign_in.shared_cache``); deleted after it expires."""

    key_hash = models.BinaryField(unique=True)
    value = models.JSONField()
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"until {self.until}"


class Session(AbstractBaseSession):
    """A session of a signed-in person, staff or citizen (``portal.web.sessions``).

    ``citizen_id`` is the citizen named in the session's own data, for queries over many sessions. The session's data, which is
    signed, decides who is signed in.
    """

    citizen_id = models.BigIntegerField(null=True)

    class Meta(AbstractBaseSession.Meta):
        db_table = "django_session"


class ChangeState(models.TextChoices):
    PROPOSED = "proposed", _("waits for a second administrator")
    CONFIRMED = "confirmed", _("confirmed")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("withdrawn")
    EXPIRED = "expired", _("expired")


class ChangeKind(models.TextChoices):
    ACCOUNT = "account", _("New account")
    ROLES = "roles", _("Other roles")
    REOPENING = "reopening", _("Open a closed account again")
    RESET = "reset", _("New password and one-time codes")
    EMAIL = "email", _("Other e-mail address")


class StaffChange(AppendOnly, Proposal):
    """A change that gives somebody power: one security administrator proposes, another confirms; it concerns neither of them.

    ``values`` and ``before`` hold the new and the previous ``roles`` and ``email``, and for a new account its name and office.
    """

    State, Kind = ChangeState, ChangeKind
    APPROVED: ClassVar[str] = ChangeState.CONFIRMED
    PROPOSERS: ClassVar[tuple[Role, ...]] = (Role.SECURITY_ADMIN,)
    DECIDERS: ClassVar[Role] = Role.SECURITY_ADMIN
    ACTS: ClassVar[str] = "staff.change_"
    updatable_columns: ClassVar[tuple[str, ...]] = (
        "state",
        "account_id",
        "decided_by",
        "decided_at",
        "decision_reason",
    )

    kind = models.TextField(choices=ChangeKind.choices)
    username = models.TextField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="changes", null=True)
    state = models.TextField(choices=ChangeState.choices, default=ChangeState.PROPOSED)
    values = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            *two_people("staff_change", ChangeState, decided=["confirmed", "refused", "withdrawn"]),
            models.CheckConstraint(condition=Q(kind__in=ChangeKind.values), name="staff_change_kind_is_known"),
            models.CheckConstraint(
                condition=~Q(proposed_by="") & ~Q(reason=""), name="staff_change_has_proposer_and_reason"
            ),
            models.CheckConstraint(
                condition=~Q(proposed_by=F("username")) & ~Q(decided_by=F("username")),
                name="staff_change_is_of_a_third_person",
            ),
            # A new account exists once it is confirmed; every other change concerns an existing account.
            models.CheckConstraint(
                condition=Q(kind="account", account__isnull=True) & ~Q(state="confirmed")
                | Q(account__isnull=False) & (~Q(kind="account") | Q(state="confirmed")),
                name="staff_change_has_its_account",
            ),
            models.UniqueConstraint(
                Lower("username"), "kind", condition=Q(state=PROPOSED), name="one_waiting_staff_change_of_a_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.username}"

    @property
    def subject(self) -> str:
        return f"staff:{self.username}"

    def described(self) -> dict[str, Any]:
        """Return the change with roles and address as [old, new]. Names and offices are free text and stay out of the journal."""
        settings = {
            name: [self.before.get(name), self.values[name]] for name in ("roles", "email") if name in self.values
        }
        return {"change": self.pk, "kind": self.kind, "proposed_by": self.proposed_by, "settings": settings}


class EnrolmentLinkQuerySet(models.QuerySet["EnrolmentLink"]):
    def open(self) -> Self:
        """Return links that were neither used nor voided; they may have expired."""
        return self.filter(used_at__isnull=True, voided_at__isnull=True)

    def usable(self, *, now: datetime) -> Self:
        return self.open().filter(expires_at__gt=now, account__is_active=True)


class EnrolmentLink(AppendOnly):
    """A single-use link to choose a password and enrol an authenticator app. It is sent to the account's address only.

    The worker that sends it creates the token; only the token's hash is stored.
    """

    updatable_columns: ClassVar[tuple[str, ...]] = (
        "token_hash",
        "tries",
        "tried_at",
        "sent_at",
        "used_at",
        "voided_at",
    )

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="enrolment_links")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    token_hash = models.BinaryField(null=True, unique=True)
    tries = models.IntegerField(default=0, help_text="how often a worker began to send it")
    tried_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    voided_at = models.DateTimeField(null=True)

    objects = EnrolmentLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(voided_at__isnull=True) & Q(token_hash__isnull=False),
                name="enrolment_link_is_used_or_void",
            ),
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(used_at__isnull=True, voided_at__isnull=True),
                name="one_open_enrolment_link_of_an_account",
            ),
        ]

    def __str__(self) -> str:
        return f"link for {self.account_id}"
