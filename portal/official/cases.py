"""The queue of open cases, their groups by common cause, and the case: why the providers differ, side by side."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_GET

from codes.diagnosis.sentences.context import about, context_of
from codes.diagnosis.telling import Told, tell
from codes.effective import effective_code
from codes.models import Case, Fact, PairDiagnosis, Registration, Rule, Run, RunProvider, Verdict
from codes.review.queue import CaseFilter, groups_of, open_cases
from codes.vocabulary import Cause
from portal.web.access import StaffRequest, for_staff, own_or_404
from portal.web.keyset import keyset_page
from regions.staff.roles import Role

CASE_WORK = (Role.REVIEWER, Role.APPROVER)
EXACT = ("kind", "severity", "group", "cause", "provider", "holder")


@require_GET
@for_staff(*CASE_WORK)
def queue(request: StaffRequest) -> HttpResponse:
    """Open cases, the earliest due first, narrowed by what the address says."""
    chosen = CaseFilter(
        **{name: request.GET.get(name, "") for name in EXACT},
        overdue=request.GET.get("overdue") == "1",
        number=request.GET.get("number", ""),
    )
    now = timezone.now()
    cases = open_cases(chosen, now=now).select_related("citizen", "disagreement")
    page = keyset_page(
        cases, by=["due_at", "id"], after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    kept = request.GET.copy()
    for name in ("after", "before"):
        kept.pop(name, None)
    query = f"{kept.urlencode()}&" if kept else ""
    context = {"page": page, "chosen": chosen, "query": query, "causes": list(Cause), "now": now}
    return render(request, "official/queue.html", context)


@require_GET
@for_staff(*CASE_WORK)
def groups(request: StaffRequest) -> HttpResponse:
    """Open cases by common cause, the largest group first, each with one of its cases told."""
    now = timezone.now()
    shown = [(group, _told_of_group(group.key)) for group in groups_of(CaseFilter(), now=now, size=10)]
    return render(request, "official/groups.html", {"groups": shown})


@require_GET
@for_staff(*CASE_WORK)
def case_page(request: StaffRequest, number: str) -> HttpResponse:
    """One case: the diagnosis on top, what each provider knows below it, and the timeline."""
    case = own_or_404(Case.objects.select_related("citizen", "disagreement", "follows"), number=number)
    context = {
        "case": case,
        "told": _told(case),
        "sides": _sides(case),
        "effective": effective_code(case.citizen_id),
        "events": case.events.order_by("at", "id")[:100],
        "now": timezone.now(),
    }
    return render(request, "official/case.html", context)


@dataclass(frozen=True)
class HitShown:
    """A hit with the rule and the fact it rests on."""

    rule: Rule
    fact: Fact
    anchor: str
    until: str | None


@dataclass(frozen=True)
class SideShown:
    """One provider's column."""

    frozen: RunProvider
    colour: str
    turns_green_on: Any
    hits: list[HitShown]


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


def _sides(case: Case) -> list[SideShown]:
    """Every provider the citizen is registered with, as the newest settled run left it."""
    run = Run.objects.filter(state__in=Run.SETTLED).order_by("-id").first()
    registered = Registration.objects.filter(citizen=case.citizen_id).values_list("provider_id", flat=True)
    frozen = RunProvider.objects.filter(run=run, provider__in=list(registered)).select_related(
        "provider", "source", "version__rule_set"
    )
    verdicts = {verdict.provider_id: verdict for verdict in Verdict.objects.filter(citizen=case.citizen_id)}
    hits = [hit for verdict in verdicts.values() for hit in verdict.hits]
    rules = Rule.objects.in_bulk({hit["rule_id"] for hit in hits})
    facts = Fact.objects.select_related("source", "provider").in_bulk({hit["fact_id"] for hit in hits})
    return [_side(one, verdicts.get(one.provider_id), rules, facts) for one in frozen.order_by("provider__code")]


def _side(frozen: RunProvider, verdict: Verdict | None, rules: dict[int, Rule], facts: dict[int, Fact]) -> SideShown:
    if not frozen.known:
        return SideShown(frozen, "unknown", None, [])
    if verdict is None:
        return SideShown(frozen, "green", None, [])
    hits = [HitShown(rules[hit["rule_id"]], facts[hit["fact_id"]], hit["anchor"], hit["until"]) for hit in verdict.hits]
    return SideShown(frozen, verdict.colour, verdict.turns_green_on, hits)
