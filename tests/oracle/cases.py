"""When a disagreement opens a case, and how long a decision stands (semantics §5), modelled run after run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal, NamedTuple

from tests.oracle.effective import coloured_verdicts, ruling_not_over
from tests.oracle.rules import Rule
from tests.oracle.rulings import HitContent, Ruling
from tests.oracle.verdicts import Verdict
from tests.oracle.world import World


class WeighedHit(NamedTuple):
    """A hit as the fingerprint covers it: the provider, the rule with its parameters, and the content of the record.

    §5 does not mention the provider. It is included because one record can make hits with two providers: these are two
    hits, and if one of them disappears, the disagreement has changed.
    """

    provider: str
    rule: Rule
    content: HitContent


class Fingerprint(NamedTuple):
    """The content of a disagreement, without row numbers, versions, names and the anchors that change from day to day."""

    colours: frozenset[tuple[str, str]]
    hits: frozenset[WeighedHit]

    @property
    def providers(self) -> frozenset[str]:
        return frozenset(provider for provider, _ in self.colours)

    @property
    def is_disagreement(self) -> bool:
        return len({colour for _, colour in self.colours}) > 1


def fingerprint(coloured: Mapping[str, Verdict]) -> Fingerprint:
    return Fingerprint(
        frozenset((code, str(one.state)) for code, one in coloured.items()),
        frozenset(
            WeighedHit(code, _parameters(hit.rule), hit.content) for code, one in coloured.items() for hit in one.hits
        ),
    )


def _parameters(rule: Rule) -> Rule:
    """Return the rule with its kinds and levels sorted: their order is not a parameter of the rule."""
    return replace(rule, cleared_by=tuple(sorted(rule.cleared_by)), area_levels=tuple(sorted(rule.area_levels)))


@dataclass
class Case:
    """The case of a disagreement.

    `decided_by` is the instant at which the ruling that decided it was approved, or None if it was decided without a
    ruling and the colours were left as they are.
    """

    number: int
    citizen: str
    fingerprint: Fingerprint
    follows: int | None = None
    state: Literal["open", "decided", "converged"] = "open"
    decided_by: datetime | None = None
    lapsed: bool = False


@dataclass
class Cases:
    """All cases of disagreements of a city, in the order in which they were opened.

    The cases that suspended rulings open are not modelled here; §4 (1) defines them.
    """

    opened: list[Case] = field(default_factory=list)

    def settle(self, world: World, day: date, as_of: datetime) -> None:
        """Open, update and close cases as the run of that day does."""
        for citizen in sorted(world.citizens):
            self.look_at(world, citizen, day, as_of, as_of)

    def look_at(
        self,
        world: World,
        citizen: str,
        day: date,
        as_of: datetime,
        now: datetime,
        known_at: datetime | None = None,
    ) -> None:
        """Open, update and close the citizen's cases.

        Call it after a run, and whenever a ruling ends or the citizen is judged again; then `now` is later than the
        run's `as_of`.
        """
        coloured = coloured_verdicts(world, citizen, day, as_of, known_at)
        today = max(day, now.astimezone(world.zone).date())
        ruling = ruling_not_over(world, citizen, today, now)
        self._lapse(citizen, fingerprint(coloured), ruling)
        self._follow(citizen, fingerprint(coloured), ruling)

    def decide(self, citizen: str, ruling: Ruling | None = None) -> None:
        """Decide the open case, as two officials do. Without a ruling the colours stay as they are."""
        case = next(one for one in self.of(citizen) if one.state == "open")
        case.state, case.decided_by = "decided", ruling.approved_at if ruling else None

    def of(self, citizen: str) -> list[Case]:
        return [one for one in self.opened if one.citizen == citizen]

    def _follow(self, citizen: str, now: Fingerprint, ruling: Ruling | None) -> None:
        """Update the open case, or open one for a disagreement about which no decision stands.

        An open case is updated only while all its providers have a colour. Otherwise a provider without one would drop
        out of its fingerprint, and the case would close when the others agree, but missing data closes no case (§5).
        """
        case = next((one for one in self.of(citizen) if one.state == "open"), None)
        if case and case.fingerprint.providers <= now.providers:
            case.fingerprint = now if now.is_disagreement else case.fingerprint
            case.state = "open" if now.is_disagreement else "converged"
        elif now.is_disagreement and not case and not any(stands(one, now, ruling) for one in self.of(citizen)):
            before = self.of(citizen)[-1:]
            self.opened.append(Case(len(self.opened) + 1, citizen, now, before[0].number if before else None))

    def _lapse(self, citizen: str, now: Fingerprint, ruling: Ruling | None) -> None:
        """Let decisions lapse: without a ruling when the fingerprint changes, with one when no ruling is left.

        Two readings of §5 are recorded in ADR 20. A decision goes on standing when a later ruling replaces its ruling.
        A suspended ruling has not ended: §4 opens a separate case for it.

        When a ruling has ended, later decisions that left the colours as they are lapse with it: §5 makes no exception
        for them, and the code that they left as it was came from the ruling.
        """
        decided = [one for one in self.of(citizen) if one.state == "decided" and not one.lapsed]
        ended = [one for one in decided if one.decided_by and ruling is None]
        for case in decided:
            if case.decided_by is None:
                changed = comparable(case, now) and case.fingerprint != now
                case.lapsed = changed or any(one.number < case.number for one in ended)
        for case in ended:
            case.lapsed = True


def comparable(case: Case, now: Fingerprint) -> bool:
    """Return whether every provider of the case has a colour now, or those that have one disagree with other colours.

    Missing data on one side neither opens nor closes a case. While it is missing, only colours are compared, not hits:
    §5 requires no more.
    """
    if case.fingerprint.providers <= now.providers:
        return True
    return now.is_disagreement and not now.colours <= case.fingerprint.colours


def stands(case: Case, now: Fingerprint, ruling: Ruling | None) -> bool:
    """Return whether the case was decided, its fingerprint has not changed as far as that is known, and it has not lapsed."""
    if case.state != "decided" or case.lapsed or (comparable(case, now) and case.fingerprint != now):
        return False
    return case.decided_by is None or ruling is not None
