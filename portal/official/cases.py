"""Open cases in groups by common cause."""

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_GET

from codes.diagnosis.sentences.context import Context, context_of, turning_green
from codes.diagnosis.telling import Told, tell
from codes.models import Case, PairDiagnosis
from codes.review.queue import CaseFilter, groups_of
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
    return render(request, "official/groups.html", {"groups": [(group, told.get(group.key)) for group in found]})


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
