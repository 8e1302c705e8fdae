"""Simulate deliveries that would change many people's colours at once, and the decisions of two people about held groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from codes.models import HeldGroup, Run, RunCitizen
from codes.models import Suppression as SuppressionRow
from codes.review.proposals import held_groups
from tests.oracle import Cause, MassChanges, Origin, RuleSetVersion, Suppression
from tests.oracle.mass_changes import Brought
from tests.simulation.events import ONLY_DECLARED
from tests.simulation.officials import Officials
from tests.simulation.people import Person
from tests.simulation.upstream import Row, Upstream
from tests.worlds import ZONE

LEAST = 10
SHARE = 0.02


@dataclass
class Masses:
    officials: Officials
    groups: MassChanges = field(default_factory=lambda: MassChanges(share=SHARE, least=LEAST))
    sent: list[tuple[Upstream, list[Row]]] = field(default_factory=list)

    def happen(
        self, people: Sequence[Person], sources: Sequence[Upstream], versions: Sequence[RuleSetVersion], now: datetime
    ) -> int:
        """Let a source record the same event for many people, or revoke it for all of them. Return the number of records."""
        dice = self.officials.dice
        if self.sent and dice.once_in(2):
            source, before = self.sent.pop()
            rows = [replace(one, revoked=True, recorded_at=now) for one in before]
        else:
            rules = [one for version in versions for one in version.rules]
            kinds = sorted({one.kind for one in rules if one.colour == "red"} - ONLY_DECLARED - {"area_stay"})
            if not kinds:
                return 0
            source, kind, day = dice.pick(sources), dice.pick(kinds), now.astimezone(ZONE).date()
            chosen = [one for one in people if not dice.once_in(4)]
            rows = [Row(f"mass-{len(source.rows)}-{one.key}", one, kind, None, day, None, now) for one in chosen]
            self.sent.append((source, rows))
        source.add(*rows)
        return len(rows)

    def decide(self, keys: dict[str, int], now: datetime) -> None:
        """Decide about all groups that the last run holds, and check before each decision that city and oracle agree."""
        self.officials.now = now
        while found := list(HeldGroup.objects.waiting().described().order_by("pk")):
            self._compare(found, keys)
            self._decide(self.officials.dice.pick(found), {pk: person for person, pk in keys.items()})
        self._compare([], keys)

    def _compare(self, found: list[HeldGroup], keys: dict[str, int]) -> None:
        ours, theirs = self.groups.groups, {_cause(one) for one in found}
        assert ours == theirs, (
            f"groups: the oracle says {sorted(map(str, ours))}, the portal {sorted(map(str, theirs))}"
        )
        people = {pk: person for person, pk in keys.items()}
        run = Run.objects.last_settled()
        assert run
        kept = [one.changes_after(run).values_list("citizen", "provider__code") for one in found]
        held = {(people[citizen], provider) for rows in kept for citizen, provider in rows}
        assert held == self.groups.kept.keys(), (
            f"kept back: the oracle says {sorted(self.groups.kept)}, the portal {sorted(held)}"
        )

    def _decide(self, group: HeldGroup, people: dict[int, str]) -> None:
        desk = self.officials
        act = "release" if group.version_id or desk.dice.once_in(2) else "refuse"
        cause, reason = _cause(group), "已核实"
        made = desk.act("groups proposed", "li", held_groups.propose, group_id=group.pk, act=act, reason=reason)
        desk.act(f"groups {act}d", "wang", held_groups.approve, proposal_id=made.pk)
        if act == "release":
            self.groups.release(cause)
        for row in SuppressionRow.objects.filter(held_group=group).select_related("source", "provider"):
            whose = row.source or row.provider
            assert whose
            origin = Origin("source" if row.source else "provider", whose.code)
            ruled = Suppression(origin, row.record_id, desk.now, version=row.version)
            desk.record.known.suppressions.append(ruled)
        group.refresh_from_db()
        judged = RunCitizen.objects.filter(run=group.counts["run"]).values_list("citizen", flat=True)
        desk.record.judge_again([people[pk] for pk in judged], desk.now)


def _cause(group: HeldGroup) -> Cause:
    """Return the cause of the group in the form that the oracle uses."""
    if group.version:
        brought = Brought(None, group.version.version)
    elif group.batch and group.batch.received_at:
        brought = Brought(Origin("source", group.batch.source.code), group.batch.received_at)
    else:
        assert group.provider
        assert group.received_on
        brought = Brought(Origin("provider", group.provider.code), group.received_on)
    return Cause(group.rule_set.code, group.rule, brought)
