"""Accounts of a city's staff. Citizens are not accounts: they sign in with a code sent to their phone."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from regions.rights import AppendOnly
from regions.staff.roles import Role


class Account(AppendOnly, AbstractBaseUser):
    """One person of one city, made by ``regions.staff.accounts`` only; closed, never removed or renamed."""

    updatable_columns: ClassVar[tuple[str, ...]] = (
        "password",
        "last_login",
        "full_name",
        "email",
        "is_active",
        "must_change_password",
    )

    username = models.CharField(max_length=80, unique=True)
    full_name = models.TextField(blank=True)
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

    def __str__(self) -> str:
        return self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        """What was read again is written without the columns that the database would refuse; libraries save whole rows."""
        if not self._state.adding and kwargs.get("update_fields") is None:
            kwargs["update_fields"] = self.updatable_columns
        super().save(*args, **kwargs)

    @property
    def roles(self) -> frozenset[Role]:
        """Roles granted and not withdrawn."""
        return frozenset(Role(r) for r in self.grants.filter(revoked_at__isnull=True).values_list("role", flat=True))


class RoleGrant(AppendOnly):
    """A role given to an account, by whom and when, and until when. Withdrawn, never removed."""

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
    """A used one-time code or the tries within a rate limit (``portal.staff_sign_in.shared_cache``); gone when its time is over."""

    key_hash = models.BinaryField(unique=True)
    value = models.JSONField()
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"until {self.until}"
