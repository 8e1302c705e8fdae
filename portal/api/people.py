"""`declarations`, `trips`, `status`, `calls` and `codes`: one person at a time, named by their document in the body, not the address.

A person who is not registered with the calling provider is treated as unknown.
"""

import base64
import binascii
import json
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from django.db.models import QuerySet, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from pydantic import BaseModel, Field
from rest_framework.request import Request
from rest_framework.response import Response

from codes.effective import effective_code
from codes.engine.provider_states import provider_states
from codes.intake.lines import DeclarationLine, Shape
from codes.intake.results import BadLine, Outcome, Refusal
from codes.models import Citizen, Entry, Registration, Scope
from codes.passes.issuing import issue_pass
from codes.review.evidence.access import log_access
from codes.vocabulary import Because, State
from portal.api.bodies import JSON_TYPE, read_json, read_json_line
from portal.api.callers import Caller, caller_of
from portal.api.entries import taken
from portal.api.errors import ApiError
from portal.api.schema import IDEMPOTENCY_KEY, WITH_BODY, LineResult, problems
from portal.api.service import Service, idempotent
from regions.identity import BadIdentity, check_identity
from regions.keys.encryption import CODE_CALL, CannotDecrypt, decrypt, encrypt, identity_hash
from regions.tenancy import current_city
from regions.vocabulary import IdType

CALL_LIFETIME = timedelta(minutes=5)
LONGEST_REFERENCE = 500


class PersonRefusal(TextChoices):
    """Why nothing is told of, or done for, the person."""

    BAD_ID = "bad_id", _("The identity document cannot be anybody's. Look at its type and number again.")
    NOT_REGISTERED = (
        "not_registered",
        _("This person has not applied for a code with you. Deliver their declaration first."),
    )
    CALL_ENDED = (
        "call_ended",
        _("The reference is none of yours, or older than {minutes} minutes. Apply for the call again."),
    )
    # The code that `entries` gives to a line of another type; here one type is taken.
    UNKNOWN_TYPE = "unknown_type", _("type must be declaration; `entries` takes the other types of lines.")


class PersonQuery(Shape):
    """A person, identified by their ID document."""

    id_type: Annotated[str, Field(description=f"One of {', '.join(IdType.values)}.", max_length=2)]
    id_number: Annotated[str, Field(min_length=1, max_length=40)]


class CallReference(Shape):
    reference: Annotated[str, Field(min_length=1, max_length=LONGEST_REFERENCE)]


class Trip(BaseModel):
    """A declared stay, with the declaration that contains it."""

    entry_id: str
    submitted_at: datetime
    area: str
    from_day: Annotated[date, Field(serialization_alias="from")]
    left_on: date | None


class Trips(BaseModel):
    trips: list[Trip]


class StatusAnswer(BaseModel):
    """The effective colour with its reason, and the state shown by this provider with the rules behind it.

    `effective` is null if the person has not applied with the provider (`state` is then `not_applied`).
    """

    as_of: datetime
    state: State
    rule_codes: list[str]
    turns_green_on: date | None
    effective: State | None
    effective_because: Because | None


class Call(BaseModel):
    reference: str
    expires_at: datetime


class MadeCode(BaseModel):
    """The text of the QR code. Show it until it expires, then make a new one with the same reference."""

    token: str
    colour: State
    issued_at: datetime
    expires_at: datetime


PERSON = OpenApiExample("A resident", {"id_type": "10", "id_number": "11010519491231002X"}, request_only=True)
DECLARATION = OpenApiExample(
    "A declaration",
    {
        "type": "declaration",
        "provider": "alipay",
        "entry_id": "a-1",
        "id_type": "10",
        "id_number": "11010519491231002X",
        "full_name": "安娜",
        "submitted_at": "2026-11-20T08:00:00+08:00",
        "symptoms": [],
        "contact": "no",
        "area_stays": [{"area": "420100", "from": "2026-11-01", "left_on": None}],
    },
    request_only=True,
)


def _described(name: str, summary: str, description: str, *, tag: str, **members: Any) -> dict[str, Any]:
    return {"operation_id": name, "summary": summary, "description": description, "tags": [tag], **members}


def _answer(status: int, shape: Any, description: str, *refusals: int) -> dict[Any, Any]:
    return {(status, JSON_TYPE): OpenApiResponse(shape, description), **problems(*WITH_BODY, *refusals)}


class Declarations(Service):
    """One declaration, as a line of `entries` says it."""

    scope = Scope.DECLARATIONS
    http_method_names = ("post",)

    @extend_schema(
        **_described(
            "declare",
            "Deliver one declaration",
            "The object is a line of `entries` of type `declaration`. 201: accepted; 200: the city already has it with "
            "the same content. If it is refused, `code` is the reason the line would have in `entries`, and `errors` "
            "names the field.",
            tag="declarations",
            parameters=[IDEMPOTENCY_KEY],
            request={JSON_TYPE: DeclarationLine},
            examples=[DECLARATION],
            responses={
                (201, JSON_TYPE): OpenApiResponse(LineResult, "Accepted."),
                **_answer(200, LineResult, "A duplicate of an earlier declaration.", 503),
            },
        )
    )
    @idempotent
    def post(self, request: Request) -> Response:
        body = read_json_line(request._request)
        _require_declaration(body)
        results = taken(request, [body.replace(b"\r", b" ").replace(b"\n", b" ")])
        result = results[0] if results else None
        if result is None or result.refusal is not None:
            refusal = result.refusal if result else None
            raise _refused_line(refusal)
        return Response(result.as_json(), status=201 if result.outcome is Outcome.ACCEPTED else 200)


class TripsOfPerson(Service):
    scope = Scope.TRIPS
    http_method_names = ("post",)

    @extend_schema(
        **_described(
            "list_trips",
            "List a person's declared stays",
            "All stays in the declarations delivered by the calling provider, as delivered, newest declaration first. "
            "Trips are declared through `declarations`. The list is empty for a person who has not applied with the "
            "provider. The query appears in the person's own access history.",
            tag="trips",
            request={JSON_TYPE: PersonQuery},
            examples=[PERSON],
            responses=_answer(200, Trips, "The person's stays."),
        )
    )
    def post(self, request: Request) -> Response:
        caller, citizen = caller_of(request), _person(request)
        trips: list[Trip] = []
        if citizen is not None:
            _note(citizen, caller, "trips")
            trips = _trips(citizen, caller)
        return Response(Trips(trips=trips).model_dump(mode="json", by_alias=True))


class Status(Service):
    scope = Scope.STATUS
    http_method_names = ("post",)

    @extend_schema(
        **_described(
            "ask_status",
            "Get a person's colour and its reason",
            "Uses POST so that no ID number appears in a URL. Only people who have applied with the calling provider "
            "can be queried; everybody else, known to the city or not, is `not_applied`. The query appears in the "
            "person's own access history.",
            tag="status",
            request={JSON_TYPE: PersonQuery},
            examples=[PERSON],
            responses=_answer(200, StatusAnswer, "The colour shown now."),
        )
    )
    def post(self, request: Request) -> Response:
        caller, citizen, now = caller_of(request), _person(request), timezone.now()
        if citizen is not None:
            _note(citizen, caller, "status")
        return Response(_status(citizen, caller, now).model_dump(mode="json"))


class Calls(Service):
    scope = Scope.CALLS
    http_method_names = ("post",)

    @extend_schema(
        **_described(
            "apply_for_call",
            "Apply for a call of a person's code",
            "Call it when a person asks to see their code in the provider's app. The reference can be used to make "
            f"codes for {int(CALL_LIFETIME.total_seconds()) // 60} minutes and contains no personal data. The call, with "
            "all codes made by it, appears in the person's own access history.",
            tag="calls",
            request={JSON_TYPE: PersonQuery},
            examples=[PERSON],
            responses={(201, JSON_TYPE): OpenApiResponse(Call, "The reference."), **problems(*WITH_BODY, 404)},
        )
    )
    def post(self, request: Request) -> Response:
        caller, citizen, now = caller_of(request), _person(request), timezone.now()
        if citizen is None:
            raise ApiError(404, PersonRefusal.NOT_REGISTERED)
        _note(citizen, caller, "call")
        expires = (now + CALL_LIFETIME).replace(microsecond=0)
        content = json.dumps([caller.actor, citizen.pk, int(expires.timestamp())])
        reference = base64.urlsafe_b64encode(encrypt(content, use=CODE_CALL)).decode().rstrip("=")
        return Response(Call(reference=reference, expires_at=expires).model_dump(mode="json"), status=201)


class Codes(Service):
    scope = Scope.CODES
    http_method_names = ("post",)

    @extend_schema(
        **_described(
            "make_code",
            "Make the code that was called for",
            "The pass carries the current colour and is valid for 60 seconds; a new one can be made as long as the "
            "reference is valid.",
            tag="codes",
            request={JSON_TYPE: CallReference},
            examples=[OpenApiExample("A reference", {"reference": "AAAAAQ…"}, request_only=True)],
            responses={(201, JSON_TYPE): OpenApiResponse(MadeCode, "The pass."), **problems(*WITH_BODY)},
        )
    )
    def post(self, request: Request) -> Response:
        asked, now = read_json(request._request, CallReference), timezone.now()
        citizen = _called(asked.reference, caller_of(request), now)
        token, made = issue_pass(citizen, now=now)
        answer = MadeCode(token=token, colour=State(made.colour), issued_at=made.issued_at, expires_at=made.expires_at)
        return Response(answer.model_dump(mode="json"), status=201)


def _require_declaration(body: bytes) -> None:
    """Raise ``ApiError`` for other types of lines. Bodies that are not objects are reported by the check of lines."""
    try:
        plain = json.loads(body)
    except (ValueError, RecursionError):
        return
    if isinstance(plain, dict) and plain.get("type") != "declaration":
        raise ApiError(
            422, PersonRefusal.UNKNOWN_TYPE, errors=[{"field": "type", "reason": PersonRefusal.UNKNOWN_TYPE.value}]
        )


def _refused_line(refusal: BadLine | None) -> ApiError:
    """Return a line's refusal as a problem; ``None`` means that the body was blank."""
    refusal = refusal or BadLine(Refusal.BAD_JSON)
    errors = [{"field": refusal.field, "reason": refusal.reason.value}] if refusal.field else None
    return ApiError(422, refusal.reason, params=refusal.params, errors=errors)


def _person(request: Request) -> Citizen | None:
    return find_person(read_json(request._request, PersonQuery), caller_of(request), now=timezone.now())


def find_person(asked: PersonQuery, caller: Caller, *, now: datetime) -> Citizen | None:
    """Return the person a body names if they are registered with the calling provider. Raises ``ApiError``."""
    try:
        identity = check_identity(asked.id_type, asked.id_number, today=current_city().day_of(now))
    except BadIdentity:
        raise ApiError(422, PersonRefusal.BAD_ID) from None
    return _applied_with(caller).filter(id_hash=identity_hash(identity)).first()


def _applied_with(caller: Caller) -> QuerySet[Citizen]:
    """Return the people registered with the calling provider."""
    return Citizen.objects.filter(registrations__in=Registration.objects.filter(provider__code=caller.code))


def _note(citizen: Citizen, caller: Caller, what: str) -> None:
    log_access(citizens=[citizen.pk], what=what, purpose="API", by=caller.actor, now=timezone.now())


def _trips(citizen: Citizen, caller: Caller) -> list[Trip]:
    declared = Entry.objects.filter(citizen=citizen, provider__code=caller.code, type="declaration")
    return [
        Trip(
            entry_id=one.entry_id,
            submitted_at=one.submitted_at or one.instant,
            area=stay["area"],
            from_day=stay["from"],
            left_on=stay.get("left_on"),
        )
        for one in declared.order_by("-instant", "-pk")
        for stay in one.content.get("area_stays") or []
    ]


def _status(citizen: Citizen | None, caller: Caller, now: datetime) -> StatusAnswer:
    none = StatusAnswer(
        as_of=now, state=State.NOT_APPLIED, rule_codes=[], turns_green_on=None, effective=None, effective_because=None
    )
    if citizen is None:
        return none
    standing = effective_code(citizen.pk, now=now)
    shown = next((one for one in provider_states(citizen.pk, now=now) if one.inputs.provider.code == caller.code), None)
    verdict = shown.verdict if shown else None
    return none.model_copy(
        update={
            "state": shown.state if shown else State.UNKNOWN,
            "rule_codes": sorted({hit["rule"] for hit in verdict.hits}) if verdict else [],
            "turns_green_on": verdict.turns_green_on if verdict else None,
            "effective": State(standing.colour),
            "effective_because": Because(standing.because),
        }
    )


def _called(reference: str, caller: Caller, now: datetime) -> Citizen:
    """Return the person for whom the caller was given the reference. Raises ``ApiError``."""
    ended = ApiError(422, PersonRefusal.CALL_ENDED, minutes=int(CALL_LIFETIME.total_seconds()) // 60)
    try:
        encrypted = base64.urlsafe_b64decode(reference + "=" * (-len(reference) % 4))
        whose, citizen_id, until = json.loads(decrypt(encrypted, use=CODE_CALL))
    except (CannotDecrypt, binascii.Error, ValueError):
        raise ended from None
    if whose != caller.actor or datetime.fromtimestamp(until, tz=UTC) <= now:
        raise ended
    citizen = _applied_with(caller).filter(pk=citizen_id).first()
    if citizen is None:
        raise ended
    return citizen
