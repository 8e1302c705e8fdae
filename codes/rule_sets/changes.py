"""What a draft edition would change: who, from what to what, by which rule, and which disagreements with it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from codes.vocabulary import Colour
from regions.sql import compose

SQL = Path(__file__).with_suffix(".sql")
CHANGES = compose(SQL, "changes")

Effect = Literal["appears", "vanishes", "stays", "none"]


class Change(NamedTuple):
    """A citizen's colour with a provider. The rules are those that hold them before and after, by code."""

    citizen_id: int
    ref: str
    id_encrypted: bytes
    full_name: str
    provider: str
    before: str
    after: str
    rules_before: list[str]
    rules_after: list[str]
    differed: bool
    differs: bool

    @property
    def disagreement(self) -> Effect:
        """What becomes of the disagreement between the citizen's providers."""
        if self.differs:
            return "stays" if self.differed else "appears"
        return "vanishes" if self.differed else "none"

    @property
    def is_stricter(self) -> bool:
        return Colour(self.after).severity > Colour(self.before).severity

    @property
    def by_rules(self) -> list[str]:
        """The rules it comes from: the draft's that now hold the citizen, or those in force that no longer do."""
        return self.rules_after if self.is_stricter else self.rules_before


@dataclass
class Tally:
    """How many citizens and colours change, by provider and colours, and by rule; and what becomes of disagreements."""

    citizens: int = 0
    colours: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    stricter_by: Counter[str] = field(default_factory=Counter)
    milder_by: Counter[str] = field(default_factory=Counter)
    disagreements: Counter[Effect] = field(default_factory=Counter)

    def counting(self, changes: Iterable[Change]) -> Iterator[Change]:
        """The changes, each counted as it passes; those of one citizen stand together."""
        last = None
        for change in changes:
            self.colours[change.provider, change.before, change.after] += 1
            (self.stricter_by if change.is_stricter else self.milder_by).update(change.by_rules)
            if change.citizen_id != last:
                self.citizens += 1
                self.disagreements[change.disagreement] += 1
                last = change.citizen_id
            yield change
