"""The reading of a citizen's code: everything that holds them, what is being decided, and what was entered since the run.

All sentences of the page (colour, until when, what to do, why) are made from one reading by ``sentences.py`` and
``steps.py``, so that they cannot contradict each other (``docs/adr/0049-one-reading.md``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum, auto

from django.utils import timezone

from codes.diagnosis.render import RenderedDiagnosis
from codes.effective import CurrentCode
from codes.forecast.outlook import CheckIn, Outlook
from codes.models import Case, Citizen, Fact, PairDiagnosis, Provider, Rule, Ruling, WhyUnknown
from codes.review.appeals.policy import NO_APPEAL, reasons_for
from codes.vocabulary import Because, Colour, State
from regions.sources.models import Source


class NoColour(Enum):
    """Why no colour is shown, in the order in which the reasons are told."""

    NOT_APPLIED = auto()
    EXPIRED = auto()
    NO_RULES = auto()
    NO_DATA = auto()
    TO_BE_JUDGED = auto()


# By the reason why a provider could not judge, which is empty if it has not judged yet.
WHY_UNKNOWN = {
    "": NoColour.TO_BE_JUDGED,
    WhyUnknown.EXPIRED: NoColour.EXPIRED,
    WhyUnknown.NO_VERSION: NoColour.NO_RULES,
    WhyUnknown.NO_BATCH: NoColour.NO_DATA,
    WhyUnknown.STALE: NoColour.NO_DATA,
}


@dataclass(frozen=True)
class HoldingRecord:
    """One record that holds the citizen by one rule. ``providers`` are those with which it holds until the same day."""

    rule: Rule
    fact: Fact
    anchor: date
    until: date | None
    providers: tuple[Provider, ...] = ()

    @property
    def colour(self) -> Colour:
        return Colour(self.rule.colour)

    @property
    def is_declared(self) -> bool:
        """Whether the citizen declared the record, so that they can declare again."""
        return self.fact.origin == "provider"

    @property
    def may_appeal(self) -> bool:
        return self.fact.kind not in NO_APPEAL and bool(reasons_for(self.fact.kind))

    @property
    def how_lasting(self) -> tuple[date, int]:
        """Sort key: a record without an end is longest, then the later end, then the more severe colour."""
        return self.until or date.max, self.colour.severity


@dataclass(frozen=True)
class Side:
    """What one provider shows, and on what it rests.

    ``horizon``: up to when its source is complete. ``held``: the held colour while its source is silent. ``was``: the
    colour that is no longer valid. ``why_unknown``: as in ``ProviderState``, empty if the provider has not judged the
    citizen yet. ``sentences`` describe these. ``decides``: whether the effective code rests on it.
    ``is_checked_in``: whether there is a healthy check-in today, if check-ins can matter. ``late_days``: days of the
    last 14 whose check-ins were too late to count.
    """

    provider: Provider
    state: State
    source: Source
    horizon: datetime | None
    records: list[HoldingRecord]
    turns_green_on: date | None
    decides: bool = False
    is_checked_in: bool = False
    late_days: int = 0
    held: State | None = None
    was: State | None = None
    why_unknown: str = ""
    sentences: Sequence[str] = ()


@dataclass(frozen=True)
class Difference:
    pair: PairDiagnosis
    diagnosis: RenderedDiagnosis


@dataclass(frozen=True)
class Question:
    """An official's question, and until when the answer is expected."""

    case: Case
    text: str
    answer_by: datetime


@dataclass(frozen=True)
class Entered:
    """Something declared that does not count yet.

    ``is_checked_first``: it is part of a mass change, which two officials check first; otherwise the next run counts it.
    """

    fact: Fact
    is_checked_first: bool = False


@dataclass(frozen=True)
class Stretch:
    """A colour and the first day on which it no longer holds if nothing new is recorded, or ``None`` if no day can be given."""

    state: State
    until: date | None


@dataclass(frozen=True)
class Reading:
    """Everything that is shown about a citizen's code.

    ``outlook``: the way to green; for a citizen who is green despite records, how these end. ``one_sided``: sentences
    about providers that judge alone. ``is_kept_back``: whether a mass change of theirs is held for two people.
    ``expired``: the day of the last run if its result is no longer valid. ``ruling``: the one in force. ``question``:
    an official's open question. ``matters``: the open cases. ``outcome``: the case decided last, if recent.
    ``entered``: what was declared and does not count yet. ``name``: the name of the citizen if somebody else reads the page.
    """

    citizen: Citizen
    standing: CurrentCode
    sides: list[Side]
    differences: list[Difference]
    today: date
    outlook: Outlook | None = None
    one_sided: Sequence[str] = ()
    is_kept_back: bool = False
    expired: date | None = None
    ruling: Ruling | None = None
    question: Question | None = None
    matters: Sequence[Case] = ()
    outcome: Case | None = None
    entered: Sequence[Entered] = ()
    name: str = ""

    @property
    def state(self) -> State:
        return State(self.standing.colour)

    @property
    def because(self) -> Because:
        return Because(self.standing.because)

    @property
    def no_colour(self) -> dict[NoColour, list[Provider]]:
        """Why no colour is shown, with the providers of each reason; empty if there is a colour."""
        if self.state is not State.UNKNOWN:
            return {}
        if not self.sides or self.expired:
            return {NoColour.EXPIRED if self.sides else NoColour.NOT_APPLIED: [side.provider for side in self.sides]}
        whys = [(WHY_UNKNOWN[side.why_unknown], side.provider) for side in self.sides]
        return {why: own for why in NoColour if (own := [provider for one, provider in whys if one is why])}

    @property
    def has_several_providers(self) -> bool:
        return len(self.sides) > 1

    @property
    def records(self) -> list[HoldingRecord]:
        """The records that hold the citizen now, the longest-lasting first.

        If the citizen is green despite records, all of them.
        """
        deciding = [side for side in self.sides if side.decides] if self.state is not State.GREEN else self.sides
        found: dict[tuple[int, str, date | None], HoldingRecord] = {}
        for side in deciding:
            for one in side.records:
                key = (one.fact.pk, one.rule.colour, one.until)
                before = found.get(key)
                found[key] = replace(one, providers=(*(before.providers if before else ()), side.provider))
        return sorted(found.values(), key=lambda one: one.how_lasting, reverse=True)

    @property
    def origins(self) -> list[tuple[Fact, list[Provider]]]:
        """The facts of ``records``, each once, with the providers they were declared with.

        An answer is a fact for each provider that it was sent to. These are listed as one, as is the like that was declared
        twice on a day.
        """
        found: dict[tuple[object, ...], tuple[Fact, list[Provider]]] = {}
        for fact in {one.fact.pk: one.fact for one in self.records}.values():
            answer = (fact.kind, fact.area, timezone.localdate(fact.recorded_at))
            _fact, declared_with = found.setdefault(answer if fact.provider else (fact.pk,), (fact, []))
            if fact.provider and fact.provider not in declared_with:
                declared_with.append(fact.provider)
        return list(found.values())

    @property
    def below(self) -> State | None:
        """The most severe colour of the records, regardless of any ruling, or ``None`` if there are no records."""
        colours = [one.colour for one in self.records]
        return State(max(colours, key=lambda one: one.severity)) if colours else None

    @property
    def stretches(self) -> list[Stretch]:
        """The colours of the code from now until it is green, if nothing new is recorded."""
        if self.ruling:
            first = Stretch(self.state, self.ruling.expires_on)
            return [first, *self._of_records(self.ruling.expires_on)]
        return self._of_records(self.today) if self.state in (State.RED, State.YELLOW) else []

    def _of_records(self, after: date) -> list[Stretch]:
        """Return red until the last red record ends, then yellow, but nothing beyond the day in the outlook."""
        whole = self.outlook
        if whole is None or self.below is None:
            return []
        if whole.turns_green_on is None:
            return [Stretch(self.below if self.ruling else self.state, None)]
        ends: dict[Colour, date] = {}
        for one in self.records:
            ends[one.colour] = max(one.until or whole.turns_green_on, ends.get(one.colour, date.min))
        ends[min(ends, key=lambda colour: colour.severity)] = whole.turns_green_on
        found = []
        for colour in sorted(ends, key=lambda colour: -colour.severity):
            if ends[colour] > after:
                found.append(Stretch(State(colour), ends[colour]))
                after = ends[colour]
        return found

    @property
    def counts_check_ins(self) -> bool:
        return self.outlook is not None and any(isinstance(act, CheckIn) for act in self.outlook.acts)

    @property
    def may_appeal(self) -> bool:
        """Whether one of the records can be appealed against and no appeal is open."""
        is_open = any(case.kind == Case.Kind.APPEAL for case in self.matters)
        return not is_open and any(one.may_appeal for one in self.records)

    @property
    def is_answered_by(self) -> datetime | None:
        """The earliest deadline of the open cases, or ``None`` while an answer of the citizen is awaited.

        Overdue and paused cases are left out.
        """
        now = timezone.now()
        due = [case.due_at for case in self.matters if not case.paused_at and case.due_at > now]
        return None if self.question else min(due, default=None)
