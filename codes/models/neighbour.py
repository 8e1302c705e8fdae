"""Other cities as stored in this city: the address of their API, the keys that sign their messages, and the calls
accepted from them.
"""

from django.db import models

from regions.actors import CITY_PREFIX
from regions.vocabulary import title_of


class Neighbour(models.Model):
    """Another city. Cities know each other only by these rows and by the calls between their APIs.

    ``keys``: the other city's key list as last fetched, as text.
    """

    division = models.CharField(max_length=6, unique=True, help_text="GB/T 2260")
    name_zh = models.TextField()
    name_en = models.TextField()
    schema_name = models.TextField(
        blank=True, db_default="", default="", help_text="of a city of this installation; empty for others"
    )
    address = models.TextField(help_text="https://host, without a path")
    listed = models.BooleanField(default=True, help_text="no calls are made to, or taken from, one that is not")
    keys = models.TextField(blank=True, default="")
    keys_fetched_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name_zh

    @property
    def actor(self) -> str:
        """The value of ``by`` when the other city acts by a call."""
        return f"{CITY_PREFIX}{self.division}"

    def name_in(self, language: str) -> str:
        return title_of(self, language, name="name")


class NeighbourCall(models.Model):
    """A signed call that was accepted.

    A nonce is accepted once, and the calls of the last minute are counted. Kept for an hour.
    """

    neighbour = models.ForeignKey(Neighbour, on_delete=models.CASCADE, related_name="calls", db_index=False)
    nonce = models.TextField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["neighbour", "at"], name="neighbour_calls_by_time")]
        constraints = [
            models.UniqueConstraint(fields=["neighbour", "nonce"], name="nonce_is_taken_once_from_a_neighbour")
        ]

    def __str__(self) -> str:
        return f"{self.neighbour_id} at {self.at}"
