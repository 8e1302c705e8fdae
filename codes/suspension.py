"""Suspend a city's service and resume it, by two operators each time (``docs/adr/0058-the-province.md``).

Both acts are recorded in the journal of the province and in the city's own. During the suspension nothing of the city runs; its open
work is kept in its rows, and its deadlines are later moved by the duration. The part in the city follows in a transaction of its own,
because a session that is logged in as the city cannot do anything else.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, F, Func, Q, Value

from codes.models import Case, InformationRequest
from regions.actors import OPERATOR_PREFIX
from regions.each_city import for_each
from regions.journal.models import JournalEntry
from regions.journal.record import record
from regions.locks import advisory_lock
from regions.models import City, CitySuspension
from regions.proposals import answer_operator, require_another, require_reason, require_role, require_standing
from regions.refusals import CommonReason, MovedMeanwhile, NotFound, Refused
from regions.staff.roles import Role
from regions.tenancy import cities_in_service, in_city
from regions.transitions import compare_and_set
from regions.vocabulary import SuspensionReason

State = CitySuspension.State
VERB = "city.{}"
# Decisions longer ago than this have been carried out.
LATELY = timedelta(days=2)


def suspension_of(city: City) -> CitySuspension | None:
    """Return the city's suspension that is requested or in force, if any. Call outside any city."""
    return city.suspensions.filter(state__in=[State.ASKED, State.IN_FORCE]).first()


def ask(schema: str, *, reason: str, note: str, by: str, now: datetime) -> CitySuspension:
    """Ask for a suspension, as the first operator. Nothing changes yet. Call outside any city. Raises ``Refused``."""
    require_role(by, Role.SYSTEM_ADMIN)
    written = require_reason(note)
    if reason not in SuspensionReason.values:
        raise Refused(CommonReason.NO_REASON)
    with transaction.atomic():
        advisory_lock("suspensions")
        city = City.objects.get(schema_name=schema)
        if suspension_of(city) is not None:
            raise MovedMeanwhile
        made = CitySuspension.objects.create(city=city, reason=reason, note=written, asked_by=by, asked_at=now)
        _record("suspension_asked", made, by=by, now=now)
    return made


def confirm(pk: int, *, by: str, now: datetime) -> CitySuspension:
    """Confirm a suspension, as the second operator. From now on nothing of the city runs. Call outside any city. Raises ``Refused``."""
    return _decide(pk, "confirm", by=by, now=now)


def decline(pk: int, *, by: str, now: datetime) -> CitySuspension:
    """Decline a suspension, as the second operator. The city stays in service. Call outside any city. Raises ``Refused``."""
    return _decide(pk, "decline", by=by, now=now)


def withdraw(pk: int, *, by: str, now: datetime) -> CitySuspension:
    """Withdraw one's own request for a suspension. Call outside any city. Raises ``Refused``."""
    return _decide(pk, "withdraw", by=by, now=now)


def ask_end(pk: int, *, by: str, now: datetime) -> CitySuspension:
    """Ask for the end of a suspension, which takes effect when another operator confirms. Call outside any city. Raises ``Refused``."""
    require_role(by, Role.SYSTEM_ADMIN)
    with transaction.atomic():
        one = _find(pk)
        read = CitySuspension.objects.filter(pk=pk, state=State.IN_FORCE, end_asked_by="")
        compare_and_set(one, read, end_asked_by=by, end_asked_at=now)
        _record("resumption_asked", one, by=by, now=now)
    return one


def keep(pk: int, *, by: str, now: datetime) -> CitySuspension:
    """Decline the end of a suspension as the second operator, or withdraw one's own request for it. Raises ``Refused``.

    The city stays suspended. Call outside any city.
    """
    require_role(by, Role.SYSTEM_ADMIN)
    with transaction.atomic():
        one = _find(pk)
        if not one.end_asked_by:
            raise Refused(CommonReason.END_NOT_PROPOSED)
        read = CitySuspension.objects.filter(pk=pk, state=State.IN_FORCE, end_asked_by=one.end_asked_by)
        compare_and_set(one, read, end_asked_by="", end_asked_at=None)
        _record("resumption_declined", one, by=by, now=now)
    return one


def confirm_end(pk: int, *, by: str, now: datetime) -> CitySuspension:
    """Confirm the end of a suspension, as the second operator. The city resumes now. Call outside any city. Raises ``Refused``."""
    require_role(by, Role.SYSTEM_ADMIN)
    with transaction.atomic():
        one = _find(pk)
        if not one.end_asked_by:
            raise Refused(CommonReason.END_NOT_PROPOSED)
        require_another(by, proposed_by=one.end_asked_by)
        require_standing(one.end_asked_by, Role.SYSTEM_ADMIN)
        read = CitySuspension.objects.filter(pk=pk, state=State.IN_FORCE, end_asked_by=one.end_asked_by)
        state = CitySuspension.TRANSITIONS.next_state("confirm_end")
        compare_and_set(one, read, state=state, ended_by=by, ended_at=now)
        _record("resumed", one, by=by, now=now)
    _carry_out(one)
    return one


def carry_out_lately(*, now: datetime) -> int:
    """Carry out recent decisions in cities where a process died before it did. Return the number of decisions. Call outside any city."""
    lately = Q(decided_at__gt=now - LATELY) | Q(ended_at__gt=now - LATELY)
    decided = CitySuspension.objects.filter(
        lately, state__in=[State.IN_FORCE, State.ENDED], city__in=cities_in_service()
    )
    of_city: dict[str, list[CitySuspension]] = {}
    for one in decided.select_related("city").order_by("pk"):
        of_city.setdefault(one.city.schema_name, []).append(one)
    return for_each(of_city, lambda schema: sum(map(_carry_out, of_city[schema])))


def _carry_out(one: CitySuspension) -> bool:
    """Record the decisions missing in the city's journal, and move its deadlines when it resumes. Return whether any was missing."""
    acts = [("suspended", one.decided_by, one.decided_at), ("resumed", one.ended_by, one.ended_at)]
    lasted = one.ended_at - one.decided_at if one.ended_at and one.decided_at else timedelta()
    with in_city(one.city.schema_name), transaction.atomic():
        advisory_lock("suspensions")
        entries = JournalEntry.objects.filter(verb__in=[VERB.format(act) for act, *_ in acts], subject=_subject(one))
        known = set(entries.values_list("verb", "at"))
        missing = [(act, by, at) for act, by, at in acts if at is not None and (VERB.format(act), at) not in known]
        for act, by, at in missing:
            moved = {"deadlines_moved": _move_deadlines(lasted)} if act == "resumed" else {}
            _record(act, one, by=f"{OPERATOR_PREFIX}{by}", now=at, **moved)
    return bool(missing)


def _decide(pk: int, act: str, *, by: str, now: datetime) -> CitySuspension:
    require_role(by, Role.SYSTEM_ADMIN)
    with transaction.atomic():
        one = _find(pk)
        answer_operator(one, act, by=by, now=now)
        verb = {"confirm": "suspended", "decline": "suspension_declined", "withdraw": "suspension_withdrawn"}[act]
        _record(verb, one, by=by, now=now)
    if one.state == State.IN_FORCE:
        _carry_out(one)
    return one


def _move_deadlines(by: timedelta) -> int:
    """Move the deadlines, since neither citizens nor officials could act during the suspension. Return the number of rows.

    Call in the city.
    """
    moved = Case.objects.open().filter(paused_at__isnull=True).update(due_at=_later("due_at", by))
    looks = Case.objects.open().filter(first_look_due_at__isnull=False)
    looks.update(first_look_due_at=_later("first_look_due_at", by))
    open_questions = InformationRequest.objects.filter(state=InformationRequest.State.OPEN)
    moved += open_questions.update(answer_by=_later("answer_by", by))
    return moved


def _later(column: str, by: timedelta) -> Func:
    """Return the expression for a later instant, computed in UTC: on a cluster an UPDATE must not depend on the session's time zone."""
    in_utc = Func(Value("UTC"), F(column), function="timezone", output_field=DateTimeField())
    return Func(Value("UTC"), in_utc + Value(by), function="timezone", output_field=DateTimeField())


def _find(pk: int) -> CitySuspension:
    found = CitySuspension.objects.select_related("city").filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def _record(act: str, one: CitySuspension, *, by: str, now: datetime, **data: Any) -> None:
    """Record an act in the journal. The free-text note is left out, since it may contain anything."""
    asked_by = one.asked_by if act == "suspended" else one.end_asked_by or one.asked_by
    content = {"schema": one.city.schema_name, "reason": one.reason, "asked_by": asked_by, **data}
    record(VERB.format(act), by=by, now=now, subject=_subject(one), data=content)


def _subject(one: CitySuspension) -> str:
    return f"city:{one.city.schema_name}"
