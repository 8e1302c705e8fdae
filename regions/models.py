"""What lives in ``public``: which cities there are and under which host names they answer. Counts and settings, never people."""

from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django_tenants.models import DomainMixin, TenantMixin


class City(TenantMixin):
    """A tenant: one schema, one role, its own settings. The schema is made by ``regions.opening``, never by ``save()``."""

    auto_create_schema = False
    auto_drop_schema = False

    name_zh = models.TextField()
    name_en = models.TextField()
    division = models.CharField(max_length=6, help_text="GB/T 2260")
    timezone = models.TextField(default="Asia/Shanghai")
    interim_policy = models.TextField(default="strictest", help_text="strictest | prefer:<provider> | freshest")
    mass_flip_share = models.FloatField(
        default=0.02, help_text="share of the registered turning red in one run that is held"
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(division__regex=r"^[0-9]{6}$"), name="city_division_is_six_digits"),
            models.CheckConstraint(
                condition=Q(interim_policy__regex=r"^(strictest|freshest|prefer:.+)$"),
                name="city_interim_policy_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name_zh or self.schema_name

    @property
    def role_name(self) -> str | None:
        """The PostgreSQL role taken with the search path; none in ``public``, where the login's own rights count."""
        return None if self.schema_name == "public" else f"city_{self.schema_name}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Domain(DomainMixin):
    """The host name a city answers on."""

    def __str__(self) -> str:
        return str(self.domain)
