"""`verifications`: a gate's machine, or a provider whose key has the scope, has a pass verified as on a gate's page."""

from datetime import datetime
from functools import cache
from typing import Annotated

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from codes.gates.check import GateCheck, check_pass
from codes.intake.lines import Shape
from codes.models import Scope
from codes.passes.results import CheckResult, Detail
from codes.vocabulary import Colour
from portal.api.bodies import JSON_TYPE, read_json
from portal.api.callers import caller_of
from portal.api.errors import ApiError, ApiErrorCode
from portal.api.schema import WITH_BODY, problems
from portal.api.service import Service
from portal.observability.happened import pass_checked

# A misread scan may be longer than any pass; the result is that it is not a pass.
MOST_CHARACTERS = 20_000
# A number or a code of the provider's own; a person's name does not match.
GATE_NAME = r"^[A-Za-z0-9._-]{1,64}$"


class ScannedPass(Shape):
    """The scanned text, unchanged: differences in white space, case and known keyboard layouts are tolerated.

    `gate` is the provider's own name for the gate. A provider sends it with every pass; a machine's key belongs to one gate.
    """

    text: Annotated[str, Field(alias="pass", max_length=MOST_CHARACTERS)]
    gate: Annotated[str, Field(pattern=GATE_NAME)] | None = None


class TwoLanguages(BaseModel):
    zh_hans: Annotated[str, Field(serialization_alias="zh-hans")]
    en: str


class OtherCity(BaseModel):
    division: str
    name: TwoLanguages


class Verification(BaseModel):
    """`colour` is the colour at `at`; null means that no colour is known, which must not be treated as green.

    `number` identifies `result` (0 is `ok`); `detail` is the specific reason where the result alone does not identify it. `city` is
    the other city that issued the pass and answers for the colour; null for passes of this city.
    """

    result: CheckResult
    number: Annotated[int, Field(ge=0, lt=len(CheckResult))]
    detail: Detail | None
    colour: Colour | None
    at: datetime
    city: OtherCity | None
    sentence: TwoLanguages
    next_step: TwoLanguages


SCANNED = OpenApiExample(
    "A scanned pass",
    {"pass": "HCP1:6BF+70790T9WJWG.FKY*4GO0.O1CV2 O5 N2FBBRW1*70HS8WY04AC", "gate": "EAST-2"},
    request_only=True,
)
GREEN = OpenApiExample(
    "A green pass of this city",
    {
        "result": "ok",
        "number": 0,
        "detail": None,
        "colour": "green",
        "at": "2026-11-24T10:00:00Z",
        "city": None,
        "sentence": {"zh-hans": "健康码真实、有效。", "en": "The pass is genuine and valid."},
        "next_step": {"zh-hans": "按显示的颜色处置。", "en": "Act by the colour shown."},
    },
    response_only=True,
    status_codes=["200"],
)


class Verifications(Service):
    scope = Scope.VERIFICATIONS
    http_method_names = ("post",)

    @extend_schema(
        operation_id="verify",
        summary="Check a scanned pass",
        description="Checks whether a pass is genuine and returns the holder's current colour; any text gets one of ten"
        " results. A pass of another city is handled according to this city's recognition of that city. The"
        " key is either a gate machine's key, which has this scope only, or a provider's key with this "
        "scope; a provider must name the gate in `gate`, otherwise the call is refused. If the same pass is"
        " shown at another gate while it is valid, the result is `replayed`. Checks are stored for the "
        "city's retention period, never with a name.",
        tags=["verifications"],
        request={JSON_TYPE: ScannedPass},
        examples=[SCANNED, GREEN],
        responses={(200, JSON_TYPE): OpenApiResponse(Verification, "The result."), **problems(*WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        scanned, caller = read_json(request._request, ScannedPass), caller_of(request)
        by = caller.actor
        # A machine's key belongs to one gate. A provider has many gates under one key; the same pass at two of them must be
        # noticed.
        if caller.kind == "provider":
            if scanned.gate is None:
                raise ApiError(422, ApiErrorCode.BAD_BODY, errors=[{"field": "gate", "reason": "missing"}])
            by = f"{by}/{scanned.gate}"
        checked = check_pass(scanned.text, by=by, now=timezone.now(), pass_keys=caller.pass_keys)
        pass_checked.send_robust(sender=None, result=checked.result.value)
        return Response(_verification(checked).model_dump(mode="json", by_alias=True))


def _verification(checked: GateCheck) -> Verification:
    other = checked.foreign.city if checked.foreign else None
    sentence, next_step = _words(checked) if checked.foreign else _own_words(checked.result, checked.detail)
    return Verification(
        result=checked.result,
        number=checked.result.number,
        detail=checked.detail,
        colour=Colour(checked.colour) if checked.colour else None,
        at=checked.at,
        city=OtherCity(
            division=other.division, name=TwoLanguages(zh_hans=other.name_in("zh-hans"), en=other.name_in("en"))
        )
        if other
        else None,
        sentence=sentence,
        next_step=next_step,
    )


def _words(checked: GateCheck) -> tuple[TwoLanguages, TwoLanguages]:
    return (
        TwoLanguages(zh_hans=checked.sentence("zh-hans"), en=checked.sentence("en")),
        TwoLanguages(zh_hans=checked.next_step("zh-hans"), en=checked.next_step("en")),
    )


@cache
def _own_words(result: CheckResult, detail: Detail | None) -> tuple[TwoLanguages, TwoLanguages]:
    """Return the words for a result of this city's passes, which depend on nothing else."""
    return _words(GateCheck(result, timezone.now(), detail=detail))
