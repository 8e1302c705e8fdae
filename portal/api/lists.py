"""`disagreements` and `cases`: those that concern the calling provider, page by page, without names or numbers."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from codes.models import Case, CaseState, Disagreement, Scope
from codes.vocabulary import Colour
from portal.api.bodies import JSON_TYPE
from portal.api.callers import caller_of
from portal.api.errors import ApiError, ApiErrorCode
from portal.api.paging import PAGING, filter_of, page
from portal.api.schema import ANY_CALL, problems
from portal.api.service import Service


class Pair(BaseModel):
    """The primary cause of the difference between two providers."""

    a: str
    b: str
    primary_cause: str


class ListedDisagreement(BaseModel):
    """`citizen_ref` is stable within the city and meaningless outside it; the colours have differed for these causes since `since`."""

    citizen_ref: str
    colours: dict[str, Colour]
    pairs: list[Pair]
    since: datetime


class DisagreementPage(BaseModel):
    items: list[ListedDisagreement]
    next_cursor: str | None


class ListedCase(BaseModel):
    number: str
    kind: Case.Kind
    state: CaseState
    citizen_ref: str
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    outcome: str


class CasePage(BaseModel):
    items: list[ListedCase]
    next_cursor: str | None


class Disagreements(Service):
    scope = Scope.DISAGREEMENTS
    http_method_names = ("get",)

    @extend_schema(
        operation_id="list_disagreements",
        summary="List open disagreements with other providers",
        description="People for whom the calling provider and another provider show different colours according to the "
        "last settled run, with the primary cause of each pair that includes the calling provider. Names "
        "and ID numbers are not included.",
        tags=["disagreements"],
        parameters=PAGING,
        responses={(200, JSON_TYPE): OpenApiResponse(DisagreementPage, "A page of results."), **problems(*ANY_CALL)},
    )
    def get(self, request: Request) -> Response:
        filter_of(request)
        provider = caller_of(request).code
        found = (
            Disagreement.objects.filter(closed_run__isnull=True, colours__has_key=provider)
            .select_related("citizen", "opened_run")
            .prefetch_related("pairs__a", "pairs__b")
        )
        return Response(page(request, found, by=["id"], serialize=lambda row: _disagreement(row, provider)))


class Cases(Service):
    scope = Scope.CASES
    http_method_names = ("get",)

    @extend_schema(
        operation_id="list_cases",
        summary="List cases about the provider's colours",
        description="Appeals against the provider's colour, and cases about disagreements that involve the provider, "
        "newest first. Texts by citizens and officials are not included.",
        tags=["cases"],
        parameters=[
            *PAGING,
            OpenApiParameter("state", str, enum=CaseState.values, description="Only cases in this state."),
        ],
        responses={(200, JSON_TYPE): OpenApiResponse(CasePage, "A page of results."), **problems(*ANY_CALL)},
    )
    def get(self, request: Request) -> Response:
        state = filter_of(request, ("state",)).get("state")
        if state is not None and state not in CaseState:
            raise ApiError(400, ApiErrorCode.BAD_QUERY, name="state")
        found = _cases_of(caller_of(request).code)
        if state is not None:
            found = found.filter(state=state)
        return Response(page(request, found.select_related("citizen"), by=["-id"], serialize=_case))


def _cases_of(provider: str) -> QuerySet[Case]:
    return Case.objects.filter(Q(appeal__provider__code=provider) | Q(disagreement__colours__has_key=provider))


def _disagreement(row: Disagreement, provider: str) -> dict[str, Any]:
    pairs = [
        Pair(a=pair.a.code, b=pair.b.code, primary_cause=pair.primary_cause)
        for pair in row.pairs.all()
        if provider in (pair.a.code, pair.b.code)
    ]
    listed = ListedDisagreement(
        citizen_ref=row.citizen.ref, colours=row.colours, pairs=pairs, since=row.opened_run.as_of
    )
    return listed.model_dump(mode="json")


def _case(row: Case) -> dict[str, Any]:
    names = ("number", "kind", "state", "opened_at", "due_at", "closed_at", "outcome")
    listed = ListedCase(citizen_ref=row.citizen.ref, **{name: getattr(row, name) for name in names})
    return listed.model_dump(mode="json")
