"""Open cases in groups by common cause."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_GET

from codes.diagnosis.sentences.context import about, context_of
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
    shown = [(group, _told_of_group(group.key)) for group in groups_of(CaseFilter(), now=now, size=10)]
    return render(request, "official/groups.html", {"groups": shown})


def _told(case: Case) -> list[Told]:
    if case.disagreement_id is None:
        return []
    pairs = PairDiagnosis.objects.filter(disagreement=case.disagreement_id).select_related(
        "a", "b", "disagreement", "run"
    )
    found = list(pairs.order_by("id"))
    if not found:
        return []
    context = about(context_of(found[0].run), citizen_id=case.citizen_id, due_at=case.due_at)
    language = translation.get_language()
    return [tell(pair, audience="official", language=language, context=context) for pair in found]


def _told_of_group(key: str) -> Told | None:
    case = Case.objects.filter(group_key=key, closed_at__isnull=True).order_by("due_at", "id").first()
    told = _told(case) if case else []
    return told[0] if told else None
