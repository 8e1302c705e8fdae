"""Open cases in groups by common cause."""

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_GET

from codes.diagnosis.sentences.voice import Context, context_of, turning_green
from codes.diagnosis.telling import Told, tell
from codes.models import Case, PairDiagnosis
from codes.review.cases.queue import CaseFilter, groups_of
from codes.review.cases.transitions import Verb, moves_from
from codes.review.permissions import may
from portal.official.approvals.inbox import Row
from portal.web.access import StaffRequest, for_staff
from regions.staff.roles import Role

CASE_WORK = (Role.REVIEWER, Role.APPROVER)


@require_GET
@for_staff(*CASE_WORK)
def groups(request: StaffRequest) -> HttpResponse:
    """Open cases by common cause, the largest group first, each with one of its cases told."""
    now = timezone.now()
    found = groups_of(CaseFilter(), now=now, size=10)
    told = _told_of_groups([group.key for group in found])
    return render(request, "official/groups/groups.html", {"groups": [(group, told.get(group.key)) for group in found]})


def _told_of_groups(keys: list[str]) -> dict[str, Told]:
    """Each group's cause, told by its case that is due first; as many queries for ten groups as for one."""
    due = Case.objects.open().filter(group_key__in=keys).order_by("group_key", "due_at", "id")
    first = {case.disagreement_id: case for case in due.distinct("group_key")}
    pairs = PairDiagnosis.objects.filter(disagreement__in=first.keys()).select_related("a", "b", "disagreement", "run")
    greens = turning_green([case.citizen_id for case in first.values()])
    contexts: dict[int, Context] = {}
    told: dict[str, Told] = {}
    for pair in pairs.order_by("id"):
        case = first[pair.disagreement_id]
        if case.group_key in told:
            continue
        if pair.run_id not in contexts:
            contexts[pair.run_id] = context_of(pair.run)
        context = replace(contexts[pair.run_id], turns_green_on=greens[case.citizen_id], due_at=case.due_at)
        told[case.group_key] = tell(pair, audience="official", language=translation.get_language(), context=context)
    return told


# A colleague's case is taken over first.
HOLDERS = frozenset(
    {
        Verb.PROPOSE,
        Verb.UPHOLD,
        Verb.DENY,
        Verb.ASK_INFORMATION,
        Verb.DROP_INFORMATION,
        Verb.MARK_COMPLEX,
        Verb.PUT_BACK,
    }
)


def offered(case: Case, *, roles: frozenset[Role], username: str, proposed: Row | None = None) -> frozenset[str]:
    """The names of the acts (``propose``, ``take_over`` …), as templates ask for them."""
    here = {move.action for move in moves_from(case.kind, case.state)}
    return frozenset(
        verb.name.lower() for verb in here if may(roles, verb) and _is_left(verb, case, username, proposed)
    )


def _is_left(verb: Verb, case: Case, username: str, proposed: Row | None) -> bool:
    match verb:
        case Verb.TAKE_OVER:
            return case.assigned_to != username
        case Verb.PUT_BACK:
            return case.assigned_to == username
        case Verb.LOOK:
            return case.first_looked_at is None
        case Verb.MARK_COMPLEX:
            return case.complex_since is None and case.assigned_to in ("", username)
        case Verb.WITHDRAW_PROPOSAL:
            return proposed is not None and proposed["proposed_by"] == username
        case Verb.APPROVE | Verb.REFUSE:
            return proposed is not None and proposed["proposed_by"] != username
        case _:
            return verb not in HOLDERS or case.assigned_to in ("", username)
