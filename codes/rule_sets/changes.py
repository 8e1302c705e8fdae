"""What a draft edition would change: who, from what to what, by which rule, and which disagreements with it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from codes.vocabulary import Colour

# One row for each colour that changes, with what the citizen's providers show before and after. Green is no row.
CHANGES = """
changed AS MATERIALIZED (
    SELECT coalesce(old.citizen_id, new.citizen_id) AS citizen_id, coalesce(old.declared_with, new.declared_with) AS provider_id,
           coalesce(old.colour, 'green') AS before, coalesce(new.colour, 'green') AS after,
           old.hits AS held_before, new.hits AS held_after
    FROM (SELECT * FROM verdict WHERE sid %% 2 = 0 AND declared_with = ANY (%(bound)s)) old
    FULL JOIN (SELECT * FROM verdict WHERE sid %% 2 = 1) new ON new.sid / 2 = old.sid / 2
    WHERE old.colour IS DISTINCT FROM new.colour
),
shown AS (
    SELECT s.citizen_id,
           count(DISTINCT coalesce(old.colour, 'green')) > 1 AS differed,
           count(DISTINCT CASE WHEN s.declared_with = ANY (%(bound)s) THEN coalesce(new.colour, 'green')
                               ELSE coalesce(old.colour, 'green') END) > 1 AS differs
    FROM subject s
    LEFT JOIN verdict old ON old.sid = s.sid
    LEFT JOIN verdict new ON new.sid = s.sid + 1
    WHERE s.sid %% 2 = 0 AND s.citizen_id IN (SELECT citizen_id FROM changed)
    GROUP BY s.citizen_id
)
SELECT c.citizen_id, person.ref, person.id_encrypted, person.full_name, provider.code, c.before, c.after,
       ARRAY(SELECT DISTINCT hit->>'rule' FROM jsonb_array_elements(c.held_before) AS hit ORDER BY 1) AS rules_before,
       ARRAY(SELECT DISTINCT hit->>'rule' FROM jsonb_array_elements(c.held_after) AS hit ORDER BY 1) AS rules_after,
       shown.differed, shown.differs
FROM changed c
JOIN shown ON shown.citizen_id = c.citizen_id
JOIN codes_citizen person ON person.id = c.citizen_id
JOIN codes_provider provider ON provider.id = c.provider_id
ORDER BY c.citizen_id, provider.code COLLATE "C"
"""

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
