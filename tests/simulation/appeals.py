"""Simulate citizens who appeal, officials who answer, and rulings that are proposed and approved for many people at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from codes.models import Case as CaseRow
from codes.models import Citizen, EffectiveChange, VerdictChange
from codes.models import Ruling as RulingRow
from codes.review.appeals import appeals
from codes.review.appeals.policy import AppealReason, targets_of
from codes.review.cases import close
from codes.review.cases.queue import CaseFilter
from codes.review.proposals import bulk_rulings
from regions.refusals import Refused
from tests.integration.review.desk import EVIDENCE
from tests.oracle import Colour, Ruling, effective_when_asked
from tests.oracle.effective import SEVERITY, suspended
from tests.simulation.officials import APPROVERS, REASONS, Officials, Waiting
from tests.worlds import ZONE


@dataclass
class Appeals:
    """Appeals of citizens and bulk acts of officials, in addition to the officials' work on disagreements."""

    officials: Officials

    def file(self, keys: dict[str, int]) -> None:
        """Let one citizen appeal against something that can be appealed against, if there is anything."""
        desk = self.officials
        citizen = Citizen.objects.get(pk=keys[desk.dice.pick(sorted(keys))])
        targets = [one for one in targets_of(citizen) if one.may_appeal and AppealReason.OTHER in one.reasons]
        if not targets:
            return
        target = desk.dice.pick(targets)
        desk.now += timedelta(minutes=1)
        try:
            appeals.file_appeal(
                citizen=citizen,
                provider=target.provider,
                rule=target.rule,
                fact_id=target.fact_id,
                reason_code=AppealReason.OTHER,
                text="请核实",
                by=citizen.actor,
                now=desk.now,
            )
        except Refused:
            desk.happened["appeals not possible"] += 1
        else:
            desk.happened["appeals"] += 1

    def answer(self, keys: dict[str, int]) -> None:
        """Deny some of the undecided appeals, and propose a ruling for some, which another official decides about."""
        desk = self.officials
        people = {pk: person for person, pk in keys.items()}
        for case in CaseRow.objects.undecided().filter(kind=CaseRow.Kind.APPEAL).order_by("pk"):
            person = people[case.citizen_id]
            if person in desk.waiting or desk.dice.once_in(2):
                continue
            how = desk.dice.pick(("deny", "rule"))
            if how == "deny":
                by = case.assigned_to or desk.reviewer(person)
                desk.act(
                    "appeals denied", by, close.deny, case_id=case.pk, reason_code="record_confirmed", answer="记录属实"
                )
            else:
                desk.propose(person, case, of_appeal=True)

    def propose_many(self, people: dict[int, str]) -> None:
        """Propose rulings for many disagreements at once. The city selects the people, and the proposals are recorded."""
        desk = self.officials
        colours: tuple[Colour, ...] = ("yellow", "green")
        colour, by = desk.dice.pick(colours), desk.dice.pick(("li", "wu"))
        today = desk.now.astimezone(ZONE).date()
        chosen = CaseFilter(kind="disagreement", severity=desk.dice.pick(("yellow", "red")))
        lasts = desk.dice.pick((2, 9))
        done = desk.act(
            "rulings proposed for many",
            by,
            bulk_rulings.propose_many,
            may_do_nothing=True,
            chosen=chosen,
            colour=colour,
            reason_code=REASONS[colour],
            documents=EVIDENCE,
            expires_on=today + timedelta(days=lasts),
        )
        made = RulingRow.objects.filter(proposed_by=by, proposed_at=desk.now).order_by("pk")
        assert made.count() == done.done, "what was said of the act on many is not what it did"
        for row in made:
            person = people[row.citizen_id]
            ruling = Ruling(person, colour, None, today + timedelta(days=lasts - 1), desk.weighed(person))
            assert row.case
            desk.waiting[person] = Waiting(row.pk, by, ruling, row.case.pk, desk.colours(person))

    def approve_many(self) -> None:
        """Approve many waiting rulings at once, and check which ones the city approves.

        It must approve those whose case is still open, that no new hit suspends, that make nobody's code stricter, and
        for whose people no provider's colour has changed since the proposal.
        """
        desk = self.officials
        by = desk.dice.pick(APPROVERS)
        wanted = {person: one for person, one in sorted(desk.waiting.items()) if not desk.dice.once_in(4)}
        if not wanted:
            return
        desk.now += timedelta(minutes=1)
        due = {person for person, one in wanted.items() if one.by != by and self._approvable(person, one)}
        desk.now -= timedelta(minutes=1)
        ids = [one.key for one in wanted.values()]
        desk.act("rulings approved for many", by, bulk_rulings.approve_many, may_do_nothing=True, ruling_ids=ids)
        approved = set(
            RulingRow.objects.filter(pk__in=ids, state=RulingRow.State.APPROVED).values_list("pk", flat=True)
        )
        done = {person for person, one in wanted.items() if one.key in approved}
        # The city also refuses if a colour has changed and changed back. Comparing two snapshots, as above, does not show this.
        returned = {person for person in due - done if _has_changed(wanted[person])}
        assert done == due - returned, (
            f"approved for many: the oracle says {sorted(due)}, the portal {sorted(done)}; {wanted}"
        )
        for person in sorted(done):
            desk.rule(person, desk.waiting.pop(person))

    def _approvable(self, person: str, one: Waiting) -> bool:
        desk = self.officials
        moment = desk.record.moment_of(person)
        before = effective_when_asked(desk.record.world, person, moment, desk.now).colour
        return (
            desk.waits(one)
            and one.ruling.colour != "red"
            and one.ruling.ends_on >= desk.now.astimezone(ZONE).date()
            and before in SEVERITY
            and SEVERITY[one.ruling.colour] <= SEVERITY[before]
            and not suspended(one.ruling, desk.said(person))
            and not self._is_otherwise(person, one)
        )

    def _is_otherwise(self, person: str, one: Waiting) -> bool:
        """Return whether a provider has another colour than when the ruling was proposed.

        A provider that has become unknown has no colour and is ignored. So is a green one with which the person has
        registered since.
        """
        now = self.officials.colours(person)
        return any(state != one.colours.get(provider, "green") for provider, state in now.items())


def _has_changed(one: Waiting) -> bool:
    """Return whether the city has recorded a change of code or colour since the proposal."""
    proposed = RulingRow.objects.get(pk=one.key)
    since = EffectiveChange.objects.filter(citizen=proposed.citizen_id, since__gt=proposed.proposed_at)
    judged = VerdictChange.objects.filter(citizen=proposed.citizen_id, run__started_at__gt=proposed.proposed_at)
    return since.exists() or judged.exists()
