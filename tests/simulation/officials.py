"""Simulate officials: cases left as they are, rulings and suppressions proposed by one, decided by another, ended and expired.

The expected effect of each act is added to the record, with which the city is compared later. Acts that must be refused
are attempted as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from codes.models import Case as CaseRow
from codes.models import Fact
from codes.review.cases import close
from codes.review.cases.sweep import sweep_reviews
from codes.review.proposals import rulings, suppressions
from regions.journal.models import JournalEntry
from regions.refusals import Refused
from tests.integration.review.desk import EVIDENCE
from tests.oracle import Colour, FactVersion, RecordKey, Ruling, Suppression, coloured_verdicts, held_verdicts
from tests.oracle.effective import suspended
from tests.oracle.rulings import HitKey
from tests.oracle.verdicts import Verdict
from tests.simulation.record import Record
from tests.worlds import ZONE
from tests.worlds.dice import Dice

REASONS = {"green": "wrong_person", "yellow": "less_severe", "red": "owner_confirmed"}
APPROVERS = ("wang", "zhao")
_OPEN = CaseRow.objects.open().filter(kind=CaseRow.Kind.DISAGREEMENT)


@dataclass
class Waiting:
    """A proposal that a second official has not decided about."""

    key: int
    by: str
    ruling: Ruling
    case: int
    """The primary key of its case in the city."""
    colours: dict[str, str]
    """Provider → colour when it was proposed."""


@dataclass
class WrongRecord:
    key: int
    suppression: Suppression


@dataclass
class Officials:
    dice: Dice
    record: Record
    keys: Callable[[], dict[str, int]]
    happened: Counter[str] = field(default_factory=Counter)
    now: datetime = field(init=False)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    in_force: dict[str, tuple[int, Ruling]] = field(default_factory=dict)
    wrong: list[WrongRecord] = field(default_factory=list)

    def work(self, now: datetime) -> None:
        """Do an hour's work, after a run has settled."""
        self.now = now
        keys = self.keys()
        with_case = set(_OPEN.values_list("citizen", flat=True))
        for person in sorted(keys):
            if person in self.waiting:
                if self.dice.once_in(2):
                    self._decide(person)
            elif person in self.in_force and self.dice.once_in(12):
                self._end(person)
            elif keys[person] in with_case and self.dice.once_in(4):
                self._propose_or_leave(person, keys[person])
        if self.dice.once_in(2):
            self._suppress(keys)
        for one in list(self.wrong):
            if self.dice.once_in(8):
                self._end_suppression(one)

    def sweep(self, now: datetime) -> None:
        """Run the periodic sweep after midnight: rulings whose last day is over end, and cases are opened for them again."""
        self.now = now
        over = [person for person, (_, one) in self.in_force.items() if one.ends_on < now.astimezone(ZONE).date()]
        sweep_reviews(now=now)
        for person in sorted(over):
            self.record.look_again(person, now)
            self._forget(person)

    def forget_expired(self, now: datetime) -> None:
        """Forget the rulings whose last day is over, after a run has ended them."""
        for person, (_, one) in sorted(self.in_force.items()):
            if one.ends_on < now.astimezone(ZONE).date():
                self._forget(person)

    def _forget(self, person: str) -> None:
        self.in_force.pop(person, None)

    def reviewer(self, person: str) -> str:
        """Return who takes an unassigned case. ``zhao`` is reviewer and approver, but never both for one ruling."""
        return ("li", "wu", "zhao")[int(person.removeprefix("p")) % 3]

    def said(self, person: str) -> dict[str, Verdict]:
        asked = self.record.world, person, *self.record.moment_of(person)
        return coloured_verdicts(*asked) | held_verdicts(*asked)

    def act(
        self,
        what: str,
        by: str,
        verb: Callable[..., Any],
        *,
        must_fail: bool = False,
        may_do_nothing: bool = False,
        **how: Any,
    ) -> Any:
        """Do the act and return its result.

        It must succeed and write journal entries, unless it ``may_do_nothing``; or, with ``must_fail``, be refused and
        write none.
        """
        self.now += timedelta(minutes=1)
        written = JournalEntry.objects.filter(by=by)
        before = written.count()
        done, refused = None, ""
        try:
            done = verb(by=by, now=self.now, **how)
        except Refused as refusal:
            refused = str(refusal)
        told = written.count() - before
        assert bool(refused) == must_fail, f"{what} by {by}: {refused or 'must be refused and was not'}"
        assert may_do_nothing or bool(told) != must_fail, (
            f"{what} by {by}: {told} entries in the journal, {refused or 'though it was done'}"
        )
        self.happened["refused acts" if refused else what] += 1
        return done

    def _propose_or_leave(self, person: str, citizen: int) -> None:
        case = _OPEN.get(citizen=citizen)
        by = case.assigned_to or self.reviewer(person)
        if self.dice.once_in(3):
            self.act("cases left as they are", by, close.uphold, case_id=case.pk, reason_code="mends_itself")
            self.record.cases.decide(person)
            return
        self.propose(person, case)

    def propose(self, person: str, case: CaseRow, *, of_appeal: bool = False) -> None:
        colours: tuple[Colour, ...] = ("green", "yellow", "green", "red")
        colour, by = self.dice.pick(colours), case.assigned_to or self.reviewer(person)
        today = self.now.astimezone(ZONE).date()
        lasts = self.dice.pick((1, 2, 5, 20))
        weighed = self.weighed(person)
        made = self.act(
            "rulings proposed on appeal" if of_appeal else "rulings proposed",
            by,
            rulings.propose,
            case_id=case.pk,
            colour=colour,
            reason_code=REASONS[colour],
            evidence=EVIDENCE,
            expires_on=today + timedelta(days=lasts),
        )
        ends_on = today + timedelta(days=lasts - 1)
        ruling = Ruling(person, colour, None, ends_on, weighed)
        self.waiting[person] = Waiting(made.pk, by, ruling, case.pk, self.colours(person))

    def colours(self, person: str) -> dict[str, str]:
        return {provider: one.state for provider, one in self.said(person).items()}

    def weighed(self, person: str) -> frozenset[HitKey]:
        """Return the person's unreleased hits of all providers."""
        return frozenset(hit.key for one in self.said(person).values() for hit in one.hits)

    def waits(self, one: Waiting) -> bool:
        """Return whether its case is still open: it may have closed by itself, and another may have been opened since."""
        return CaseRow.objects.open().filter(pk=one.case).exists()

    def _decide(self, person: str) -> None:
        """Approve, refuse or withdraw the waiting proposal.

        All three must fail if the case has closed by itself; an approval also if the last day is over or a new hit
        suspends the ruling.
        """
        one = self.waiting[person]
        is_open = self.waits(one)
        how = self.dice.pick(("approve", "approve", "approve", "refuse", "withdraw", "by themselves"))
        if how == "by themselves":
            if one.by == "zhao":
                self.act("approvals", "zhao", rulings.approve, must_fail=True, ruling_id=one.key)
            return
        other = self.dice.pick([name for name in APPROVERS if name != one.by])
        if how == "refuse":
            self.act(
                "rulings refused",
                other,
                rulings.refuse,
                must_fail=not is_open,
                ruling_id=one.key,
                reason_code="too_long",
            )
        elif how == "withdraw":
            self.act("rulings withdrawn", one.by, rulings.withdraw_proposal, must_fail=not is_open, ruling_id=one.key)
        else:
            today = self.now.astimezone(ZONE).date()
            must_fail = not is_open or one.ruling.ends_on < today or suspended(one.ruling, self.said(person))
            self.act("rulings approved", other, rulings.approve, must_fail=must_fail, ruling_id=one.key)
            if must_fail and is_open:
                return
            if is_open:
                self.rule(person, one)
        del self.waiting[person]

    def rule(self, person: str, one: Waiting) -> None:
        approved = replace(one.ruling, approved_at=self.now)
        self.record.known.rulings.append(approved)
        self.in_force[person] = (one.key, approved)
        if any(case.state == "open" for case in self.record.cases.of(person)):
            self.record.cases.decide(person, approved)
        self.record.note_now(person, self.now)

    def _end(self, person: str) -> None:
        key, ruling = self.in_force.pop(person)
        today = self.now.astimezone(ZONE).date()
        if ruling.ends_on < today:
            return
        self.act(
            "ends proposed", "li", rulings.propose_end, ruling_id=key, reason_code="newer_facts", reason="查明属实"
        )
        self.act("rulings ended", "wang", rulings.approve_end, ruling_id=key)
        known = self.record.known.rulings
        known[known.index(ruling)] = replace(ruling, ended_at=self.now)
        self.record.look_again(person, self.now)

    def _suppress(self, keys: dict[str, int]) -> None:
        """Propose to suppress the record of one hit; another official approves or refuses, or it is withdrawn."""
        person = self.dice.pick(sorted(keys))
        hits = sorted(hit for one in self.said(person).values() for hit in one.hits)
        if not hits:
            return
        said = self.dice.pick(hits).said
        if any(one.suppression.record_id == said.record_id for one in self.wrong):
            return
        stored = Fact.objects.filter(
            citizen=keys[person],
            origin=said.origin.kind,
            kind=said.kind,
            started_on=said.started_on,
            ended_on=said.ended_on,
            recorded_at=said.recorded_at,
            **(
                {"source__code": said.origin.code, "record_id": said.record_id}
                if said.origin.kind == "source"
                else {"provider__code": said.origin.code, "record_id__startswith": f"{_entry_of(said)}/"}
            ),
        )
        if said.kind != "arrival":
            stored = stored.filter(area=said.area)
        fact = stored.filter(revoked=False).earliest("pk")
        by = self.reviewer(person)
        made = self.act(
            "wrong records proposed",
            by,
            suppressions.propose_suppression,
            fact_id=fact.pk,
            reason_code="never_happened",
            evidence=EVIDENCE,
        )
        other = self.dice.pick([name for name in APPROVERS if name != by])
        how = self.dice.pick(("approve", "approve", "refuse", "withdraw"))
        if how == "refuse":
            self.act(
                "wrong records refused",
                other,
                suppressions.refuse_suppression,
                suppression_id=made.pk,
                reason_code="evidence_thin",
            )
        elif how == "withdraw":
            self.act("wrong records taken back", by, suppressions.withdraw_suppression, suppression_id=made.pk)
        else:
            self.act("wrong records ruled", other, suppressions.approve_suppression, suppression_id=made.pk)
            ruled = Suppression(said.origin, said.record_id, self.now)
            one = WrongRecord(made.pk, ruled)
            self.record.known.suppressions.append(ruled)
            self.wrong.append(one)
            self.record.judge_again(self._about(one), self.now)

    def _end_suppression(self, one: WrongRecord) -> None:
        key: dict[str, Any] = {"suppression_id": one.key}
        self.act(
            "ends proposed",
            "li",
            suppressions.propose_suppression_end,
            reason_code="found_right",
            reason="记录属实",
            **key,
        )
        self.act("wrong records count again", "wang", suppressions.approve_suppression_end, **key)
        known = self.record.known.suppressions
        known[known.index(one.suppression)] = replace(one.suppression, until=self.now)
        self.wrong.remove(one)
        self.record.judge_again(self._about(one), self.now)

    def _about(self, one: WrongRecord) -> list[str]:
        """Return everybody whom the record names in any version received so far."""
        key = RecordKey(one.suppression.origin, one.suppression.record_id)
        return sorted({fact.citizen for fact in self.record.world.records[key]})


def _entry_of(said: FactVersion) -> str:
    """Return the entry id of the fact. It is needed because two entries of one instant may have equal content."""
    return (
        said.record_id.rpartition(":")[2]
        if said.record_id.startswith("check-in:")
        else said.record_id.partition(":")[0]
    )
