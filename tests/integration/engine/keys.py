"""The primary keys of a loaded world."""

from dataclasses import dataclass
from datetime import UTC, datetime

from tests.oracle import FactRef, Origin

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

# Given here, so that they meet none that the city gave itself.
FIRST_KEY = 1_000_000


@dataclass(frozen=True)
class Keys:
    """The oracle's names → primary keys, and back for facts."""

    sources: dict[str, int]
    rule_sets: dict[str, int]
    providers: dict[str, int]
    citizens: dict[str, int]
    facts: dict[int, FactRef]

    def origin(self, origin: Origin) -> dict[str, int | None]:
        """The two columns that say whose record a fact is."""
        return {
            "source_id": self.sources[origin.code] if origin.kind == "source" else None,
            "provider_id": self.providers[origin.code] if origin.kind == "provider" else None,
        }
