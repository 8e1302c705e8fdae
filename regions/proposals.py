"""Decisions of two people: one proposes, another decides.

The functions here check the role, find what waits, keep the two people apart and change the row by compare-and-set. A kind of
proposal adds its own checks and what follows from an approval. The tables keep the two people apart by constraints as well.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Self, TypeVar, cast

from django.apps import apps
from django.db import models, transaction
from django.db.models import F, Q

from regions.actors import SYSTEM, is_account, is_operator
from regions.journal.record import record
from regions.refusals import CommonReason, MovedMeanwhile, NotAllowed, NotFound, Refused
from regions.staff.roles import Role
from regions.transitions import compare_and_set

# The shape of an ID number or a phone number.
LIKE_A_NUMBER = re.compile(r"[0-9]{11,}")
PROPOSED = "proposed"
REFUSED = "refused"
WITHDRAWN = "withdrawn"


def roles_of(username: str) -> frozenset[Role]:
    """Return a person's present roles; empty for an inactive or unknown account, for a citizen, and for ``system``."""
    # By name: changes of staff are proposals, so the models of staff import this module.
    grants = apps.get_model("staff", "RoleGrant").objects.filter(
        account__username=username, account__is_active=True, revoked_at__isnull=True
    )
    return frozenset(Role(role) for role in grants.values_list("role", flat=True))


def require_role(by: str, *wanted: Role) -> None:
    """Raise ``NotAllowed`` unless the person has one of the roles. Functions call it, so that no page or command can omit it."""
    if not roles_of(by) & set(wanted):
        raise NotAllowed


def require_operator(by: str) -> None:
    """Raise ``NotAllowed`` unless ``by`` is ``system`` (the portal's own timers) or an operator at the console."""
    if by != SYSTEM and not is_operator(by):
        raise NotAllowed


def require_role_or_operator(by: str, *wanted: Role) -> None:
    """Raise ``NotAllowed`` unless ``by`` has one of the roles, or is ``system`` or an operator at the console."""
    try:
        require_operator(by)
    except NotAllowed:
        require_role(by, *wanted)


def require_another(by: str, *, proposed_by: str) -> None:
    """Raise ``Refused`` if the person who decides is the one who proposed; constraints of the tables refuse it, too."""
    if by == proposed_by:
        raise Refused(CommonReason.SAME_PERSON)


def may_still_propose(proposed_by: str, *wanted: Role) -> bool:
    """Return whether the proposer still has one of the roles.

    Operators at the console, the portal's timers, and providers with their key have no roles to lose.
    """
    return not is_account(proposed_by) or bool(roles_of(proposed_by) & set(wanted))


def require_standing(proposed_by: str, *wanted: Role) -> None:
    """Raise ``Refused`` unless the proposer may still propose: otherwise only one person would stand for the decision."""
    if not may_still_propose(proposed_by, *wanted):
        raise Refused(CommonReason.PROPOSER_GONE)


def require_proposer(by: str, *, proposed_by: str) -> None:
    """Raise ``Refused`` unless the person is the proposer: nobody else may withdraw a proposal."""
    if by != proposed_by:
        raise Refused(CommonReason.NOT_THE_PROPOSER)


def answer_operator(asked: Any, act: str, *, by: str, now: datetime, **changes: Any) -> None:
    """Confirm, decline or withdraw an operator's request about a city, by the transitions of its model.

    Raises ``Refused`` and ``MovedMeanwhile``. Requests are in ``public`` and their columns have names of their own.
    """
    check = require_proposer if act == "withdraw" else require_another
    check(by, proposed_by=asked.asked_by)
    if act == "confirm":
        require_standing(asked.asked_by, Role.SYSTEM_ADMIN)
    read = type(asked).objects.filter(pk=asked.pk, state=asked.State.ASKED)
    state = asked.TRANSITIONS.next_state(act)
    compare_and_set(asked, read, state=state, decided_by=by, decided_at=now, **changes)


def require_reason(reason: str) -> str:
    """Return the reason, stripped and without NUL, which PostgreSQL cannot store. Raises ``Refused`` if it is empty."""
    stripped = reason.replace("\x00", "").strip()
    if not stripped:
        raise Refused(CommonReason.NO_REASON)
    return stripped


def require_journalled_reason(reason: str) -> str:
    """Return a reason that goes into the journal, which all auditors read and from which nothing can be deleted.

    Raises ``Refused`` if it is empty or contains something like an ID number or a phone number.
    """
    stripped = require_reason(reason)
    if LIKE_A_NUMBER.search(stripped):
        raise Refused(CommonReason.NAMES_SOMEBODY)
    return stripped


def two_people(name: str, states: type[models.TextChoices], *, decided: Sequence[str]) -> list[models.CheckConstraint]:
    """Return constraints: a decision has a decider other than the proposer, and only the proposer withdraws."""
    undecided = [state for state in states.values if state not in decided]
    return [
        models.CheckConstraint(condition=Q(state__in=states.values), name=f"{name}_state_is_known"),
        models.CheckConstraint(
            condition=~Q(state__in=states.values)
            | Q(state__in=undecided, decided_by="", decided_at__isnull=True)
            | Q(state__in=decided, decided_at__isnull=False) & ~Q(decided_by=""),
            name=f"{name}_is_decided_by_somebody",
        ),
        models.CheckConstraint(
            condition=Q(state=WITHDRAWN) | Q(decided_by="") | ~Q(decided_by=F("proposed_by")),
            name=f"{name}_proposer_is_not_approver",
        ),
    ]


def two_people_and_end(name: str) -> list[models.CheckConstraint]:
    """Return the constraints for proposals that can end early: their end is proposed with a reason and decided by another person."""
    return [
        *two_people(name, EndableProposal.State, decided=["approved", "refused", "ended"]),
        models.CheckConstraint(
            condition=~Q(proposed_by="") & ~Q(reason_code=""), name=f"{name}_has_proposer_and_reason"
        ),
        models.CheckConstraint(
            condition=Q(end_proposed_by="") | ~Q(end_proposed_by=F("ended_by")), name=f"{name}_end_takes_two_people"
        ),
        models.CheckConstraint(
            condition=Q(end_proposed_by="", end_proposed_at__isnull=True, end_reason="")
            | Q(end_proposed_at__isnull=False) & ~Q(end_proposed_by="") & ~Q(end_reason=""),
            name=f"{name}_end_is_proposed_whole",
        ),
    ]


P = TypeVar("P", bound="Proposal")


class ProposalQuerySet(models.QuerySet[P]):
    """Queries for proposals that wait, and updates of their state."""

    def waiting(self) -> Self:
        return self.filter(state=PROPOSED)

    def ending(self) -> Self:
        """Return proposals in force whose early end waits for a second person, the oldest first."""
        return self.filter(state=self.model.APPROVED).exclude(end_proposed_by="").order_by("end_proposed_at", "pk")

    def locked(self) -> Self:
        """Lock the rows, so that two people decide one after the other."""
        return self.select_for_update(of=("self",))

    def find(self, pk: int) -> P:
        """Return a waiting proposal. Raises ``NotFound``, and ``MovedMeanwhile`` if it was decided or withdrawn."""
        found = self.filter(pk=pk).first()
        if found is None:
            raise NotFound
        if found.state != PROPOSED:
            raise MovedMeanwhile
        return found

    def decide(self, to: str, *, by: str, now: datetime, reason: str = "", **changes: Any) -> int:
        """Record the second person's decision about all that wait. Return their number. The caller checks roles and writes the journal."""
        return self.waiting().update(state=to, decided_by=by, decided_at=now, decision_reason=reason, **changes)

    def to_decide(self, pk: int, *, by: str) -> P:
        """Return a waiting proposal for a second person to decide. Raises ``Refused``."""
        require_role(by, self.model.DECIDERS)
        found = self.find(pk)
        require_another(by, proposed_by=found.proposed_by)
        return found

    def to_withdraw(self, pk: int, *, by: str) -> P:
        """Return a waiting proposal for its proposer to withdraw. Raises ``Refused``."""
        require_role(by, *self.model.PROPOSERS)
        found = self.find(pk)
        require_proposer(by, proposed_by=found.proposed_by)
        return found


class Proposal(models.Model):
    """Base class of everything that two people decide; subclasses define states, roles and journal data."""

    APPROVED: ClassVar[str] = "approved"
    PROPOSERS: ClassVar[tuple[Role, ...]] = (Role.REVIEWER,)
    DECIDERS: ClassVar[Role] = Role.APPROVER
    # Prefix of the journal verbs of its acts.
    ACTS: ClassVar[str] = ""
    # Last part of the journal verb of a refusal.
    REFUSED_AS: ClassVar[str] = "refused"
    # Whether the row records who withdrew it; otherwise only the journal does.
    SAYS_WHO_WITHDREW: ClassVar[bool] = True

    state = models.TextField(default=PROPOSED)
    reason = models.TextField(blank=True)
    proposed_by = models.TextField()
    proposed_at = models.DateTimeField()
    decided_by = models.TextField(blank=True, db_default="", default="")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True, db_default="", default="")

    objects = ProposalQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def subject(self) -> str:
        """The subject of its journal entries."""
        raise NotImplementedError

    def described(self) -> dict[str, Any]:
        """Return its data in the journal: codes and keys only, no free text, which may contain personal data."""
        raise NotImplementedError

    def proposed_in(self) -> tuple[Role, ...]:
        """Return the roles of which its proposer must still have one when it is approved."""
        return self.PROPOSERS

    def move(self, to: str, **changes: Any) -> None:
        """Update the row, then the object. Raises ``MovedMeanwhile``."""
        self._move(type(self).objects.filter(pk=self.pk), to, **changes)

    def _move(self, read: ProposalQuerySet[Self], to: str, **changes: Any) -> None:
        compare_and_set(self, read.filter(state=self.state), state=to, **changes)

    def decide(self, to: str, *, by: str, now: datetime, reason: str = "", act: str = "", **changes: Any) -> None:
        """Record the second person's decision. Raises ``MovedMeanwhile``."""
        changes |= {"decided_by": by, "decided_at": now, "decision_reason": reason}
        if act:
            self.act(act, to, by=by, now=now, **changes)
        else:
            self.move(to, **changes)

    def approve(self, to: str, *, by: str, now: datetime, reason: str = "", act: str = "", **changes: Any) -> None:
        """Record the second person's approval. Raises ``Refused`` unless the proposer may still propose, and ``MovedMeanwhile``."""
        require_standing(self.proposed_by, *self.proposed_in())
        self.decide(to, by=by, now=now, reason=reason, act=act, **changes)

    def refuse(self, *, reason: str, by: str, now: datetime, **changes: Any) -> Self:
        """Record that the second person refuses it. Raises ``Refused`` without a reason, and ``MovedMeanwhile``."""
        act = f"{self.ACTS}{self.REFUSED_AS}"
        self.decide(REFUSED, by=by, now=now, reason=require_reason(reason), act=act, **changes)
        return self

    def withdraw(self, *, by: str, now: datetime) -> Self:
        """Record that the proposer withdraws it. Raises ``MovedMeanwhile``."""
        changes = {"decided_by": by, "decided_at": now} if self.SAYS_WHO_WITHDREW else {}
        self.act(f"{self.ACTS}withdrawn", WITHDRAWN, by=by, now=now, **changes)
        return self

    def act(self, act: str, to: str, *, by: str, now: datetime, **changes: Any) -> None:
        """Change its state and record the act in the journal. Raises ``MovedMeanwhile``."""
        before = self.state
        self.move(to, **changes)
        self.journal(act, by=by, now=now, before=before)

    def journal(self, act: str, *, by: str, now: datetime, before: str = "", **data: Any) -> None:
        """Write an entry with the subject, the state before and after, and the proposal's data."""
        states = {"from": before, "to": self.state}
        record(act, by=by, now=now, subject=self.subject, data={**states, **self.described(), **data})


class EndableProposal(Proposal):
    """A proposal in force until two people end it early, it expires, or a later one replaces it; ``ended_by`` is set for the first only."""

    class State(models.TextChoices):
        PROPOSED = "proposed"
        APPROVED = "approved"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"
        ENDED = "ended"

    NAME: ClassVar[str]

    state = models.TextField(choices=State.choices, default=State.PROPOSED)
    reason_code = models.TextField()
    decision_code = models.TextField(blank=True, db_default="", help_text="why it was refused, from a list")
    end_code = models.TextField(blank=True, default="", db_default="", help_text="why it ends early, from a list")
    end_reason = models.TextField(blank=True, db_default="")
    end_proposed_by = models.TextField(blank=True, db_default="")
    end_proposed_at = models.DateTimeField(null=True)
    ended_by = models.TextField(blank=True, db_default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @property
    def subject(self) -> str:
        return f"{self.NAME}:{self.pk}"

    def journal(self, act: str, *, by: str, now: datetime, before: str = "", **data: Any) -> None:
        refused = {"decision_code": self.decision_code} if self.decision_code else {}
        super().journal(act, by=by, now=now, before=before, **refused, **data)

    def refuse(self, *, reason: str, by: str, now: datetime, **changes: Any) -> Self:
        """Refuse it with a ``decision_code`` and an optional text. Its case's journal has the entry. Raises ``MovedMeanwhile``."""
        self.decide(REFUSED, by=by, now=now, reason=reason, **changes)
        return self

    def withdraw(self, *, by: str, now: datetime) -> Self:  # noqa: ARG002 - the journal of its case says who
        self.move(WITHDRAWN, ended_at=now)
        return self

    @classmethod
    @transaction.atomic
    def propose_end(cls, pk: int, *, code: str, reason: str, by: str, now: datetime) -> Self:
        """Propose to end it now. It stays in force until somebody else approves. Raises ``Refused``.

        ``code``: a reason from the list of its kind, which the citizen reads. ``reason``: a note for officials.
        """
        require_role(by, *cls.PROPOSERS)
        one = cls._in_force(pk)
        if one.end_proposed_by:
            raise Refused(CommonReason.END_PROPOSED_ALREADY)
        why = {"end_code": code, "end_reason": reason}
        one._move_end("end_proposed", one.state, by=by, now=now, **why, end_proposed_by=by, end_proposed_at=now)
        return one

    @classmethod
    @transaction.atomic
    def approve_end(cls, pk: int, *, by: str, now: datetime, proposed_at: datetime | None = None) -> Self:
        """End it now, as its second person. Raises ``Refused``.

        ``proposed_at`` identifies the proposal that the second person has read: another one may have been made since.
        """
        one = cls._end_to_decide(pk, proposed_at, by=by)
        require_standing(one.end_proposed_by, *cls.PROPOSERS)
        one._move_end("ended", cls.State.ENDED, by=by, now=now, ended_by=by, ended_at=now)
        return one

    @classmethod
    @transaction.atomic
    def refuse_end(cls, pk: int, *, by: str, now: datetime, proposed_at: datetime | None = None) -> Self:
        """Clear the proposal to end it; it stays in force. Raises ``Refused``."""
        one = cls._end_to_decide(pk, proposed_at, by=by)
        gone = {"end_code": "", "end_reason": "", "end_proposed_by": "", "end_proposed_at": None}
        one._move_end("end_refused", one.state, by=by, now=now, **gone)
        return one

    @classmethod
    def _in_force(cls, pk: int) -> Self:
        one = cls.objects.filter(pk=pk).first()
        if one is None:
            raise NotFound
        if one.state != cls.APPROVED:
            raise Refused(CommonReason.NOT_IN_FORCE)
        return cast("Self", one)

    @classmethod
    def _end_to_decide(cls, pk: int, proposed_at: datetime | None, *, by: str) -> Self:
        require_role(by, cls.DECIDERS)
        one = cls._in_force(pk)
        if not one.end_proposed_by:
            raise Refused(CommonReason.END_NOT_PROPOSED)
        if proposed_at not in (None, one.end_proposed_at):
            raise MovedMeanwhile
        require_another(by, proposed_by=one.end_proposed_by)
        return one

    def _move_end(self, act: str, to: str, *, by: str, now: datetime, **changes: Any) -> None:
        """Move the row by compare-and-set, which includes the proposed end as it was read."""
        before, proposed_by, code = self.state, self.end_proposed_by, self.end_code
        read = type(self).objects.filter(pk=self.pk, end_proposed_by=proposed_by, end_proposed_at=self.end_proposed_at)
        self._move(read, to, **changes)
        told = {"end_proposed_by": self.end_proposed_by or proposed_by}
        if end_code := self.end_code or code:
            told["end_code"] = end_code
        self.journal(f"{self.NAME}.{act}", by=by, now=now, before=before, **told)
