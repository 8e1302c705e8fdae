"""What a citizen's page knows: the effective code, every provider's side with its records and rules, and why two differ."""

from dataclasses import dataclass, field
from datetime import date, datetime

from codes.diagnosis.telling import Told
from codes.effective import Standing
from codes.models import Citizen, Fact, PairDiagnosis, Provider, Registration, Rule
from codes.vocabulary import Because, State
from regions.sources.models import Source


@dataclass(frozen=True)
class CheckedIn:
    """Runs of days, first and last of each."""

    runs: list[tuple[date, date]] = field(default_factory=list)

    def has(self, day: date) -> bool:
        """Whether the day is among them."""
        return any(first <= day <= last for first, last in self.runs)

    def longest_since(self, anchor: date, *, today: date) -> int:
        """Days of the longest run inside these two, as the rules count them."""
        return max(
            ((min(last, today) - max(first, anchor)).days + 1 for first, last in self.runs if last >= anchor),
            default=0,
        )


@dataclass(frozen=True)
class Held:
    """One record that holds the citizen, with the rule that says so."""

    rule: Rule
    fact: Fact
    anchor: date
    until: date | None

    def day_of(self, today: date) -> tuple[int, int] | None:
        """The how-manieth day today is, of how many; none when no day is in sight."""
        if self.until is None:
            return None
        whole = (self.until - self.anchor).days
        return min(max((today - self.anchor).days + 1, 1), whole), whole

    @property
    def is_declared(self) -> bool:
        """Whether the citizen said it themselves, and can say otherwise."""
        return self.fact.origin == "provider"


@dataclass(frozen=True)
class Side:
    """What one provider shows, and what it rests on. ``horizon``: its source is complete up to here."""

    registration: Registration
    state: State
    source: Source
    horizon: datetime | None
    held: list[Held]
    turns_green_on: date | None
    checked_in: CheckedIn

    @property
    def provider(self) -> Provider:
        """The channel that shows it."""
        return self.registration.provider


@dataclass(frozen=True)
class Difference:
    """Why two providers differ, in one sentence for the citizen."""

    pair: PairDiagnosis
    told: Told


@dataclass(frozen=True)
class MyCode:
    """Everything the page needs; read in seven queries."""

    citizen: Citizen
    standing: Standing
    sides: list[Side]
    differences: list[Difference]
    today: date

    @property
    def state(self) -> State:
        """The effective code."""
        return State(self.standing.colour)

    @property
    def because(self) -> Because:
        """Which of the four steps gave it."""
        return Because(self.standing.because)

    @property
    def deciding(self) -> list[Side]:
        """The sides whose colour is the effective one."""
        return [side for side in self.sides if side.state is self.state]

    @property
    def held(self) -> list[Held]:
        """The records that make the effective colour, each once."""
        wanted = self.standing.colour
        found = {h.fact.pk: h for side in self.deciding for h in side.held if h.rule.colour == wanted}
        return list(found.values())

    @property
    def way(self) -> Held | None:
        """The record that holds longest, for the progress to green; none when one has no end in sight."""
        holding = [held for side in self.sides for held in side.held]
        if not holding or any(held.until is None for held in holding):
            return None
        return max(holding, key=lambda held: (held.until or date.max, held.anchor))

    @property
    def turns_green_on(self) -> date | None:
        """When the last provider turns green if the citizen does as told; none when one of them names no day."""
        days = [side.turns_green_on for side in self.sides if side.state in (State.RED, State.YELLOW)]
        named = [day for day in days if day is not None]
        return max(named) if named and len(named) == len(days) else None
