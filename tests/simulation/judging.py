"""Compare, after a day, the oracle's results for everybody with the city's, in the same form, and list the differences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from codes.effective import effective_codes, misstated_codes
from codes.models import Case, Citizen, Disagreement, EffectiveChange, Fact, Registration, Run, Verdict
from codes.models.case import CaseState
from codes.models.verdict import latest_day
from regions.identity import Identity
from regions.keys.encryption import identity_hash
from regions.vocabulary import IdType
from tests.integration.journal.holding import journal_break
from tests.oracle import Case as OracleCase
from tests.oracle import FactVersion, coloured_verdicts, effective_when_asked, forecast, verdict
from tests.oracle.verdicts import Verdict as Judged
from tests.simulation.people import Person
from tests.simulation.record import Record
from tests.worlds import FORESEEABLE_DAYS
from tests.worlds.dice import Dice

FORECASTS_A_DAY = 6
Told = tuple[str, list[str]]
"""A state and its hits as text."""


@dataclass(frozen=True)
class Difference:
    """A difference in ``what``, with both results. ``person`` and ``provider`` are empty if it concerns the whole city."""

    what: str
    oracle: object
    portal: object
    person: str = ""
    provider: str = ""

    def __str__(self) -> str:
        about = " ".join(filter(None, (self.what, self.person, self.provider)))
        return f"{about}: the oracle says {self.oracle}, the portal says {self.portal}"


@dataclass
class Judge:
    record: Record
    people: dict[str, Person]
    dice: Dice

    def differences(self, asked_at: datetime) -> list[Difference]:
        """Return the differences about everybody the city knows, at this instant."""
        keys = self.keys()
        found = [Difference("people known", len(self.record.known.people), Citizen.objects.count())]
        found = [one for one in found if one.oracle != one.portal]
        if self.record.settled:
            found += self._verdicts(keys)
            found += self._cases(keys)
        found += self._codes(keys, asked_at)
        found += _misstated_codes()
        if (broken := journal_break()) is not None:
            found.append(Difference("journal", "holds", broken))
        return found

    def keys(self) -> dict[str, int]:
        """Return person → primary key, found as the city finds people: by the hash of the number."""
        hashes = {
            bytes(identity_hash(Identity(IdType.RESIDENT_ID, self.people[one].id_number))): one
            for one in self.record.known.people
        }
        stored = Citizen.objects.values_list("id_hash", "pk")
        return {hashes[bytes(found)]: pk for found, pk in stored if bytes(found) in hashes}

    def _verdicts(self, keys: dict[str, int]) -> Iterator[Difference]:
        stored = Stored.read()
        looked_ahead = self._pick_forecasts()
        for person, provider in product(sorted(keys), sorted(stored.known)):
            row = stored.rows.get((keys[person], provider))
            moment = self.record.moment_of(person)
            ours = _told_of_verdict(verdict(self.record.world, person, provider, *moment))
            theirs = stored.says(keys[person], provider, moment.known_at or moment.as_of)
            if ours != theirs:
                yield Difference("verdict", ours, theirs, person, provider)
            elif row and self._is_foretold(ours[0], person, provider) and (person, provider) in looked_ahead:
                yield from self._forecast(row, person, provider)

    def _is_foretold(self, state: str, person: str, provider: str) -> bool:
        """Return whether the stored forecast is of today. For a held change, the forecast of the day before is still stored."""
        return state in ("red", "yellow") and (person, provider) not in self.record.world.kept

    def _forecast(self, row: Verdict, person: str, provider: str) -> Iterator[Difference]:
        moment = self.record.moment_of(person)
        world = self.record.foreseen_by(person)
        coming = forecast(world, person, provider, *moment, days_ahead=FORESEEABLE_DAYS)
        ours = coming.turns_green_on, sorted({(one.rule_code, one.act == "left") for one in coming.missing})
        green_on = latest_day(row.turns_green_on, row.healthy_days, day=moment.day)
        theirs = green_on, sorted({(one["rule"], one.get("leaves", False)) for one in row.needs or ()})
        if ours != theirs:
            yield Difference("forecast", ours, theirs, person, provider)

    def _pick_forecasts(self) -> set[tuple[str, str]]:
        """Draw the few (citizen, provider) whose forecast is compared: the oracle's forecast is slow."""
        held = [
            (citizen, provider)
            for citizen in sorted(self.record.known.people)
            for provider in self.record.known.registered(citizen)
        ]
        return {self.dice.pick(held) for _ in range(FORECASTS_A_DAY)} if held else set()

    def _codes(self, keys: dict[str, int], asked_at: datetime) -> Iterator[Difference]:
        found = effective_codes(list(keys.values()), now=asked_at)
        changes: dict[int, list[tuple[str, str]]] = {}
        for citizen, *change in EffectiveChange.objects.order_by("pk").values_list("citizen_id", "before", "after"):
            if change[0] != change[1]:
                changes.setdefault(citizen, []).append((change[0], change[1]))
        for person in sorted(keys):
            says = effective_when_asked(
                self.record.world, person, self.record.run and self.record.moment_of(person), asked_at
            )
            code = found[keys[person]]
            if tuple(says) != (code.colour, code.because):
                yield Difference("effective code", tuple(says), (code.colour, code.because), person)
            history = self.record.history.get(person, [])
            if history != changes.get(keys[person], []):
                yield Difference("changes of the code", history, changes.get(keys[person], []), person)

    def _cases(self, keys: dict[str, int]) -> Iterator[Difference]:
        cases: dict[int, list[Case]] = {}
        for case in Case.objects.filter(kind=Case.Kind.DISAGREEMENT).order_by("pk"):
            cases.setdefault(case.citizen_id, []).append(case)
        standing = Disagreement.objects.filter(closed_run__isnull=True).values_list("citizen_id", "colours")
        colours = dict(standing)
        for person in sorted(keys):
            ours = _told(self.record.cases.of(person))
            theirs = _told_of(cases.get(keys[person], []))
            if ours != theirs:
                yield Difference("cases", ours, theirs, person)
            said = coloured_verdicts(self.record.world, person, *self.record.moment_of(person))
            shown = {provider: str(one.state) for provider, one in said.items()}
            wanted = shown if len(set(shown.values())) > 1 else None
            if wanted != colours.get(keys[person]):
                yield Difference("disagreement", wanted, colours.get(keys[person]), person)


def _told(cases: list[OracleCase]) -> list[tuple[str, int | None]]:
    places = {one.number: place for place, one in enumerate(cases, start=1)}
    return [(one.state, places.get(one.follows or 0)) for one in cases]


def _told_of(cases: list[Case]) -> list[tuple[str, int | None]]:
    """Return the cases in the form of ``_told``: the oracle's state, and the position of the case that each follows."""
    places = {one.pk: place for place, one in enumerate(cases, start=1)}
    states = {CaseState.DECIDED: "decided", CaseState.CONVERGED: "converged"}
    return [(states.get(CaseState(one.state), "open"), places.get(one.follows_id or 0)) for one in cases]


@dataclass
class Stored:
    """The city's stored verdicts. ``known`` maps each provider to whether it was not unknown in the last settled run."""

    known: dict[str, bool]
    rows: dict[tuple[int, str], Verdict]
    registered: dict[tuple[int, str], datetime]
    facts: dict[int, tuple[object, ...]]
    """Primary key → content, for the facts of the stored hits."""

    @classmethod
    def read(cls) -> Stored:
        run = Run.objects.last_settled()
        assert run is not None
        rows = list(Verdict.objects.select_related("provider"))
        held = {hit["fact_id"] for row in rows for hit in row.hits}
        registered = Registration.objects.values_list("citizen_id", "provider__code", "registered_at")
        return cls(
            dict(run.providers.values_list("provider__code", "known")),
            {(one.citizen_id, one.provider.code): one for one in rows},
            {(citizen, provider): at for citizen, provider, at in registered},
            {one.pk: _stored(one) for one in Fact.objects.filter(pk__in=held).select_related("source", "provider")},
        )

    def says(self, citizen: int, provider: str, known_at: datetime) -> Told:
        at = self.registered.get((citizen, provider))
        if at is None or at > known_at:
            return "not_applied", []
        if not self.known[provider]:
            return "unknown", []
        row = self.rows.get((citizen, provider))
        if row is None:
            return "green", []
        return row.colour, sorted(str((hit["rule"], self.facts[hit["fact_id"]], hit["anchor"])) for hit in row.hits)


def _told_of_verdict(says: Judged) -> Told:
    return str(says.state), sorted(str((hit.rule_code, _said(hit.said), hit.anchor.isoformat())) for hit in says.hits)


def _said(fact: FactVersion) -> tuple[object, ...]:
    """Return origin and content of the fact. Record ids of entries are left out: the city forms them differently."""
    record = fact.record_id if fact.origin.kind == "source" else ""
    area = None if fact.kind == "arrival" and fact.origin.kind == "provider" else fact.area
    return (fact.origin.kind, fact.origin.code, record, fact.kind, area, str(fact.started_on), str(fact.ended_on))


def _stored(fact: Fact) -> tuple[object, ...]:
    """Return the same for a stored fact. The oracle has no area for a declared arrival, which no rule uses."""
    whose = fact.source or fact.provider
    record = fact.record_id if fact.source else ""
    area = None if fact.kind == "arrival" and fact.provider else fact.area
    code = whose.code if whose else ""
    return (fact.origin, code, record, fact.kind, area, str(fact.started_on), str(fact.ended_on))


def _misstated_codes() -> Iterator[Difference]:
    """Yield what `reconcile` would call an effective code that does not follow from verdicts and rulings."""
    if run := Run.objects.last_settled():
        for one in misstated_codes(run, joined=(), same_policy=True):
            decided = one.decided_colour, one.decided_because
            yield Difference("stored code", decided, (one.colour, one.because), one.citizen)
