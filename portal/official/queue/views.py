"""The queue of open cases, filtered by the query string, and assigning ticked cases to a colleague."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from codes.models import Case, Provider
from codes.models.case import OPEN_STATES
from codes.review.cases import assign
from codes.review.cases.queue import UNASSIGNED, CaseFilter, CaseOrder, causes_of, count_of, open_cases
from codes.review.cases.saved_filters import filters_of
from codes.vocabulary import Cause
from portal.official.queue.filters import filter_query, parse_filter, plain, queue_address
from portal.web.access import StaffRequest, for_staff
from portal.web.errors import refusal_text
from portal.web.keyset import keyset_page
from regions.refusals import NotAllowed, Refused
from regions.staff.models import Account
from regions.staff.roles import CASE_WORK, Role

PAGE = 50


@require_safe
@for_staff(*CASE_WORK)
def queue(request: StaffRequest) -> HttpResponse:
    saved = list(filters_of(request.user.username))
    if not request.GET and (default := next((one for one in saved if one.is_default), None)):
        return redirect(f"{reverse('official_queue')}?{default.query}")
    filters, now = parse_filter(request.GET), timezone.now()
    cases = open_cases(filters, now=now).select_related("citizen", "disagreement", "appeal__provider")
    page = keyset_page(cases, request.GET, by=filters.order.columns, size=PAGE)
    query = filter_query(filters)
    providers = list(Provider.objects.current().order_by("code"))
    causes = causes_of(page.rows)
    context: dict[str, Any] = {
        "page": page,
        "filters": filters,
        "query": f"{query[1:]}&" if query else "",
        "address_query": query,
        "saved": saved,
        "saved_here": next((one for one in saved if one.query == query[1:]), None),
        "kinds": Case.Kind.values,
        "causes": list(Cause),
        "states": OPEN_STATES,
        "assignees": _assignees(request, filters),
        "rows": [(case, _colours(case, providers), causes.get(case.pk, [])) for case in page.rows],
        "total": count_of(filters, now=now),
        "orders": list(CaseOrder),
        "providers": providers,
        "reviewers": reviewers(),
        "may_propose": Role.REVIEWER in request.roles,
        "now": now,
    }
    return render(request, "official/queue/queue.html", context)


@require_POST
@for_staff(*CASE_WORK)
def assign_ticked(request: StaffRequest) -> HttpResponse:
    """Assign the ticked cases. Cases that changed meanwhile are left as they are, and a message says why."""
    back = queue_address(parse_filter(request.GET))
    numbers = [plain(number) for number in request.POST.getlist("case")[:PAGE]]
    if not numbers:
        messages.warning(request, _("Tick at least one case first."))
        return redirect(back)
    done, why = 0, ""
    for key in Case.objects.filter(number__in=numbers).order_by("pk").values_list("pk", flat=True):
        try:
            assign.assign(
                case_id=key, to=plain(request.POST.get("to", "")), by=request.user.username, now=timezone.now()
            )
        except NotAllowed:
            raise
        except Refused as refused:
            why = refusal_text(refused)
        else:
            done += 1
    if done:
        messages.success(
            request, ngettext("%(n)s case assigned.", "%(n)s cases assigned.", done) % {"n": localize(done)}
        )
    if why:
        messages.warning(request, why)
    return redirect(back)


def reviewers() -> list[Account]:
    held = Account.objects.filter(is_active=True, grants__role=Role.REVIEWER.value, grants__revoked_at__isnull=True)
    return list(held.distinct().order_by("username"))


def _colours(case: Case, providers: list[Provider]) -> list[tuple[Provider, str]]:
    """Return each provider's colour in the disagreement, or the colour that the appeal is against."""
    if case.disagreement is not None:
        shown: dict[str, str] = case.disagreement.colours
        return [(one, shown[one.code]) for one in providers if one.code in shown]
    appeal = getattr(case, "appeal", None)
    return [(appeal.provider, appeal.colour)] if appeal is not None else []


def _assignees(request: StaffRequest, filters: CaseFilter) -> list[tuple[str, str]]:
    """Return the choices of assignee: all, mine, unassigned, and the one in the query string."""
    known = [("", _("All")), (request.user.username, _("Mine")), (UNASSIGNED, _("Nobody's"))]
    return known if filters.assignee in dict(known) else [*known, (filters.assignee, filters.assignee)]
