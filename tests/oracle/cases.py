"""When a disagreement opens a case, and how long a decision stands (semantics §5): a plain model, run after run."""

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
    """A hit as the fingerprint covers it: with whom, the rule with its parameters, and what the record says.

    The semantics (§5) name no provider; but what two providers hold by one record are two hits, and one of them gone is news.
    """

    provider: str
    rule: Rule
    content: HitContent


class Fingerprint(NamedTuple):
    """The content of a disagreement: no row numbers, no versions, no names, and no anchors that move with the days."""

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
    """In which order kinds and levels are listed is no parameter."""
    return replace(rule, cleared_by=tuple(sorted(rule.cleared_by)), area_levels=tuple(sorted(rule.area_levels)))


@dataclass
class Case:
    """`decided_by`: when the ruling that decided it was approved; None where the colours were left as they are."""

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

    What a suspended ruling opens besides is not told here: §4 (1) says so, and when, itself.
    """

    opened: list[Case] = field(default_factory=list)

    def settle(self, world: World, day: date, as_of: datetime) -> None:
        """What the run of that day does."""
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
        """After a run, and in the moment when a ruling ends or the citizen is judged again: `now` is later than its `as_of`."""
        coloured = coloured_verdicts(world, citizen, day, as_of, known_at)
        today = max(day, now.astimezone(world.zone).date())
        ruling = ruling_not_over(world, citizen, today, now)
        self._lapse(citizen, fingerprint(coloured), ruling)
        self._follow(citizen, fingerprint(coloured), ruling)

    def decide(self, citizen: str, ruling: Ruling | None = None) -> None:
        """Two officials decide the open case; without a ruling the colours stay as they are."""
        case = next(one for one in self.of(citizen) if one.state == "open")
        case.state, case.decided_by = "decided", ruling.approved_at if ruling else None

    def of(self, citizen: str) -> list[Case]:
        return [one for one in self.opened if one.citizen == citizen]

    def _follow(self, citizen: str, now: Fingerprint, ruling: Ruling | None) -> None:
        """An open case follows only what all its providers say: else one that is silent today would be forgotten, and the case
        would close when the others agree, though missing data closes none (§5).
        """
        case = next((one for one in self.of(citizen) if one.state == "open"), None)
        if case and case.fingerprint.providers <= now.providers:
            case.fingerprint = now if now.is_disagreement else case.fingerprint
            case.state = "open" if now.is_disagreement else "converged"
        elif now.is_disagreement and not case and not any(stands(one, now, ruling) for one in self.of(citizen)):
            before = self.of(citizen)[-1:]
            self.opened.append(Case(len(self.opened) + 1, citizen, now, before[0].number if before else None))

    def _lapse(self, citizen: str, now: Fingerprint, ruling: Ruling | None) -> None:
        """Decisions that left the colours as they are last as long as their fingerprint, others as long as there is a ruling.

        Two readings of §5, both recorded in ADR 20: a ruling that takes another's place carries its decisions on, and a suspended
        one has not ended: §4 opens a case of its own for it.

        The end of a ruling opens a case also where somebody left a later fingerprint alone under it: §5 says so without
        an exception, and what they left was a code that the ruling gave.
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
    """Whether every provider of the case has a colour now, or those that have one say something else than they did.

    Missing data on one side neither opens nor closes anything; while it is missing, colours are compared and hits are
    not: the semantics (§5) ask for no more.
    """
    if case.fingerprint.providers <= now.providers:
        return True
    return now.is_disagreement and not now.colours <= case.fingerprint.colours


def stands(case: Case, now: Fingerprint, ruling: Ruling | None) -> bool:
    """Whether the case was decided, on what there is now as far as it can be seen, and the decision still holds."""
    if case.state != "decided" or case.lapsed or (comparable(case, now) and case.fingerprint != now):
        return False
    return case.decided_by is None or ruling is not None
