"""What a citizen's page knows: the effective code, every provider's side with its records and rules, and why two differ."""

from dataclasses import dataclass
from datetime import date, datetime

from codes.diagnosis.telling import Told
from codes.effective import Standing
from codes.forecast import Outlook, Wait
from codes.models import Citizen, Fact, PairDiagnosis, Provider, Registration, Rule
from codes.vocabulary import Because, State
from regions.sources.models import Source


@dataclass(frozen=True)
class Held:
    """One record that holds the citizen, with the rule that says so."""

    rule: Rule
    fact: Fact
    anchor: date
    until: date | None

    @property
    def is_declared(self) -> bool:
        """Whether the citizen said it themselves, and can say otherwise."""
        return self.fact.origin == "provider"


@dataclass(frozen=True)
class Side:
    """What one provider shows, and what it rests on. ``horizon``: its source is complete up to here.

    ``is_checked_in``: a healthy check-in of today, told where check-ins can matter.
    """

    registration: Registration
    state: State
    source: Source
    horizon: datetime | None
    held: list[Held]
    turns_green_on: date | None
    is_checked_in: bool = False

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
    """Everything the page needs. ``outlook``: the way to green, of a code that is red or yellow."""

    citizen: Citizen
    standing: Standing
    sides: list[Side]
    differences: list[Difference]
    today: date
    outlook: Outlook | None = None

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
    def turns_green_on(self) -> date | None:
        """When the code turns green if the citizen does as told; none when nobody can name a day."""
        return self.outlook.turns_green_on if self.outlook else None

    @property
    def green_takes_acts(self) -> bool:
        """Whether that day holds only if the citizen does something, rather than waits."""
        return self.outlook is not None and any(not isinstance(act, Wait) for act in self.outlook.acts)
