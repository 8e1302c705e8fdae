"""`corrections`: a provider files an appeal for a person registered with it, and follows its appeals.

If the record comes from another city, that city is asked as well, as with every appeal (``docs/adr/0046-…``).
"""

from datetime import datetime
from typing import Annotated, Any

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from codes.cities.corrections import issuer_of_record
from codes.intake.lines import Day
from codes.models import Appeal, CaseState, CityCorrection, Fact, Scope
from codes.review.appeals.appeals import file_appeal
from codes.review.appeals.policy import AppealReason, targets_of
from codes.review.proposals.ruling_policy import LONGEST_TEXT
from portal.api.bodies import JSON_TYPE, read_json
from portal.api.callers import caller_of
from portal.api.errors import ApiError
from portal.api.paging import PAGING, filter_of, page
from portal.api.people import PersonQuery, PersonRefusal, find_person
from portal.api.schema import ANY_CALL, IDEMPOTENCY_KEY, WITH_BODY, problems
from portal.api.service import Service, idempotent


class CorrectionRefusal(TextChoices):
    NO_SUCH_HIT = "no_such_hit", _("This rule does not hold the person's code with you. `status` says which do.")


class CorrectionAsked(PersonQuery):
    """The person, and the rule from `status` that is wrong about them."""

    rule: Annotated[str, Field(min_length=1, max_length=40)]
    reason: Annotated[AppealReason, Field(strict=False)]
    text: Annotated[str, Field(max_length=LONGEST_TEXT, pattern=r"^[^\x00]*$")] = ""
    tested_on: Day | None = None


class CorrectionFiled(BaseModel):
    """`owner`: the division code of the other city that has to correct the record; null for the city's own records."""

    number: str
    owner: str | None
    withdraw_until: datetime
    first_look_by: datetime | None
    answer_by: datetime


class ListedCorrection(BaseModel):
    """`owner_answer`: the answer of the city that the record comes from."""

    number: str
    state: CaseState
    reason: AppealReason
    filed_at: datetime
    due_at: datetime
    closed_at: datetime | None
    outcome: str
    owner: str | None
    owner_answer: CityCorrection.Answer | None


class CorrectionPage(BaseModel):
    items: list[ListedCorrection]
    next_cursor: str | None


ASKED = OpenApiExample(
    "The providers differ",
    {"id_type": "10", "id_number": "11010519491231002X", "rule": "N3", "reason": "providers_differ"},
    request_only=True,
)


class Corrections(Service):
    scope = Scope.CORRECTIONS
    http_method_names = ("get", "post")

    @extend_schema(
        operation_id="file_correction",
        summary="File an appeal against a record",
        description="Files an appeal on behalf of a person who has applied with the calling provider. A reason that "
        "requires a file is refused with `files_missing`: the person has to upload the file in the portal. "
        "Only the person can withdraw the appeal, in the portal.",
        tags=["corrections"],
        parameters=[IDEMPOTENCY_KEY],
        request={JSON_TYPE: CorrectionAsked},
        examples=[ASKED],
        responses={
            (201, JSON_TYPE): OpenApiResponse(CorrectionFiled, "The appeal was filed."),
            **problems(*WITH_BODY, 404),
        },
    )
    @idempotent
    def post(self, request: Request) -> Response:
        asked, caller, now = read_json(request._request, CorrectionAsked), caller_of(request), timezone.now()
        citizen = find_person(asked, caller, now=now)
        if citizen is None:
            raise ApiError(404, PersonRefusal.NOT_REGISTERED)
        hits = [one for one in targets_of(citizen) if (one.provider, one.rule) == (caller.code, asked.rule)]
        if not hits:
            raise ApiError(422, CorrectionRefusal.NO_SUCH_HIT)
        filed = file_appeal(
            citizen=citizen,
            provider=caller.code,
            rule=asked.rule,
            fact_id=hits[0].fact_id,
            reason_code=asked.reason.value,
            text=asked.text,
            tested_on=asked.tested_on,
            by=caller.actor,
            now=now,
        )
        answer = CorrectionFiled(
            number=filed.number,
            owner=issuer_of_record(Fact.objects.get(pk=hits[0].fact_id)) or None,
            withdraw_until=filed.withdraw_until,
            first_look_by=filed.first_look_by,
            answer_by=filed.answer_by,
        )
        return Response(answer.model_dump(mode="json"), status=201)

    @extend_schema(
        operation_id="list_corrections",
        summary="List appeals filed by the provider",
        description="Newest first. Texts by citizens and officials are not included.",
        tags=["corrections"],
        parameters=PAGING,
        responses={(200, JSON_TYPE): OpenApiResponse(CorrectionPage, "A page of results."), **problems(*ANY_CALL)},
    )
    def get(self, request: Request) -> Response:
        filter_of(request)
        found = Appeal.objects.filter(filed_by=caller_of(request).actor).select_related("case", "fact")
        return Response(page(request, found.prefetch_related("case__city_corrections"), by=["-id"], serialize=_listed))


def _listed(row: Appeal) -> dict[str, Any]:
    answers = [one.answer for one in row.case.city_corrections.all() if one.answer]
    names = ("number", "state", "due_at", "closed_at", "outcome")
    listed = ListedCorrection(
        reason=AppealReason(row.reason_code),
        filed_at=row.filed_at,
        owner=issuer_of_record(row.fact) or None,
        owner_answer=CityCorrection.Answer(answers[-1]) if answers else None,
        **{name: getattr(row.case, name) for name in names},
    )
    return listed.model_dump(mode="json")
