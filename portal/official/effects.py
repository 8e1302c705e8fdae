"""Who would change colour, as a table of a page: the first people by name's mask, and how many there are of each change."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from codes.engine.preview import ColourChange
from codes.models import Citizen, Fact, Provider

SHOWN = 20


@dataclass(frozen=True)
class EffectShown:
    """One person's change with one provider."""

    citizen: Citizen
    provider: Provider
    before: str
    after: str


@dataclass(frozen=True)
class Effects:
    """``sums``: (before, after) → how many, over everybody; ``shown``: the first of them."""

    people: int
    sums: list[tuple[str, str, int]]
    shown: list[EffectShown]


def effects_shown(changes: Sequence[ColourChange], versions: Sequence[Fact]) -> Effects:
    """The table. ``versions`` of the record come with their citizens, who are all whom it can be about."""
    first = changes[:SHOWN]
    citizens = {version.citizen_id: version.citizen for version in versions}
    providers = Provider.objects.in_bulk({change.provider for change in first}, field_name="code")
    sums = Counter((change.before, change.after) for change in changes)
    return Effects(
        people=len({change.citizen_id for change in changes}),
        sums=[(before, after, count) for (before, after), count in sorted(sums.items())],
        shown=[EffectShown(citizens[one.citizen_id], providers[one.provider], one.before, one.after) for one in first],
    )
