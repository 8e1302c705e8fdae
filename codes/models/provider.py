"""Providers: the channels that show citizens a colour, and who is registered with them."""

from django.db import models

from codes.models.citizen import Citizen
from codes.models.rule_set import RuleSet
from regions.sources.models import Source


class Provider(models.Model):
    """A channel bound to exactly one data source and one rule set; several providers may share either."""

    code = models.TextField(unique=True)
    title_zh = models.TextField()
    title_en = models.TextField()
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="providers")
    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="providers")

    def __str__(self) -> str:
        return self.code


class Registration(models.Model):
    """The citizen has applied for a code with that provider; their first declaration registers them."""

    citizen = models.ForeignKey(Citizen, on_delete=models.PROTECT, related_name="registrations")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="registrations")
    registered_at = models.DateTimeField(help_text="when the city received the first declaration")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["citizen", "provider"], name="registered_once_with_a_provider")]
        indexes = [models.Index(fields=["provider", "registered_at"])]

    def __str__(self) -> str:
        return f"{self.citizen_id} with {self.provider_id}"
