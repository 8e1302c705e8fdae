"""From one raw line to a checked one, or the reason why it is not taken. The database is not asked."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, NoReturn
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic_core import PydanticCustomError

from codes.intake.results import BadLine, Refusal
from regions.divisions import is_division_code
from regions.identity import BadIdentity, Identity, check_identity
from regions.instants import instant_of
from regions.vocabulary import Symptom

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PHONE_DRESSING = re.compile(r"[\s()\-\u2010-\u2015\u2212]")
_PHONE = re.compile(r"\+?[0-9]{5,20}")
EARLIEST_DAY = date(1900, 1, 1)
LONGEST_NAME = 200
# Before any provider existed.
EARLIEST_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)


def fault(reason: Refusal) -> PydanticCustomError:
    return PydanticCustomError(reason.value, "{reason}", {"reason": reason.value})


def _storable(text: str) -> str:
    if "\x00" in text:
        raise fault(Refusal.BAD_TEXT)
    return text


def _day(value: object) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise fault(Refusal.BAD_DATE)
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise fault(Refusal.BAD_DATE) from None
    if day < EARLIEST_DAY:
        raise fault(Refusal.BAD_DATE)
    return day


def _instant(value: object) -> datetime:
    instant = instant_of(value)
    if instant is None or instant < EARLIEST_INSTANT:
        raise fault(Refusal.BAD_TIME)
    return instant


def _area(area: str) -> str:
    if not is_division_code(area):
        raise fault(Refusal.BAD_AREA)
    return area


def normalise_phone(phone: str) -> str | None:
    """The digits people dial inside the country, so that a number is found again however it was written; none if it is none."""
    digits = _PHONE_DRESSING.sub("", unicodedata.normalize("NFKC", phone))
    digits = digits.removeprefix("+86") if digits.startswith("+86") else digits.removeprefix("0086")
    return digits if _PHONE.fullmatch(digits) else None


def normalise_name(name: str) -> str | None:
    """The name in one spelling of its letters and spaces; none if it cannot be used."""
    plain = " ".join(unicodedata.normalize("NFKC", name).split())
    # Characters of private use are printed by nobody's table, and still stand in names: rare ones in their old form.
    is_text = plain.isprintable() or all(unicodedata.category(letter) not in ("Cc", "Cs") for letter in plain)
    return plain if plain and is_text and len(plain) <= LONGEST_NAME else None


def _if_usable(normalise: Callable[[str], str | None]) -> BeforeValidator:
    """A detail of the person that cannot be used is left out and reported: no health answer is lost for it."""

    def normalised(value: object, info: ValidationInfo) -> str | None:
        usable = normalise(value) if isinstance(value, str) else None
        if usable is None and value is not None:
            info.context.append(info.field_name)  # type: ignore[union-attr]  # read_line gives a list
        return usable

    return BeforeValidator(normalised)


SymptomCode = Annotated[str, Field(max_length=500), AfterValidator(_storable)]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(_storable)]
FullName = Annotated[str | None, _if_usable(normalise_name)]
Phone = Annotated[str | None, _if_usable(normalise_phone)]
Day = Annotated[date, BeforeValidator(_day)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Area = Annotated[str, AfterValidator(_area)]


class Shape(BaseModel):
    """No unknown keys, no conversions, no values in errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class AreaStay(Shape):
    """A stay; `left_on` is null while it is ongoing."""

    area: Area
    from_day: Annotated[Day, Field(alias="from")]
    left_on: Day | None = None


class Arrival(Shape):
    from_area: Area
    on: Day


class Line(Shape):
    provider: Name
    entry_id: Name
    id_type: Name
    id_number: Name


class DeclarationLine(Line):
    """Answers to the questions of a health declaration. Null is an answer; a missing key means that the question was not asked."""

    type: Literal["declaration"]
    full_name: FullName = None
    phone: Phone = None
    submitted_at: Instant
    symptoms: Annotated[list[SymptomCode], Field(max_length=100)] | None = None
    contact: Literal["yes", "no", "unsure"] | None = None
    area_stays: Annotated[list[AreaStay], Field(max_length=200)] | None = None
    arrival: Arrival | None = None
    overseas_arrival_on: Day | None = None


class CheckInLine(Line):
    type: Literal["check_in"]
    submitted_at: Instant | None = None
    day: Day
    healthy: bool


class DisplayedLine(Line):
    """The value that the provider displayed to this person at that time, whether or not it is in the provider's map."""

    type: Literal["displayed"]
    value: Name
    shown_at: Instant


AnyLine = DeclarationLine | CheckInLine | DisplayedLine

SHAPES: dict[str, type[DeclarationLine] | type[CheckInLine] | type[DisplayedLine]] = {
    "declaration": DeclarationLine,
    "check_in": CheckInLine,
    "displayed": DisplayedLine,
}


MOST_BYTES = 100_000
# A declared journey may still lie ahead, but not beyond any ticket.
FARTHEST_PLAN = timedelta(days=366)
# Made once: ``json.dumps`` makes another for every line.
CANONICAL = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=date.isoformat)
# A key that is not one of ours may be anything; only what looks like a key is repeated to the sender.
_KEY = re.compile(r"[a-z_.0-9]*[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line that is right in itself. ``left_out`` names details of the person that cannot be used.

    ``digest`` tells a repeated line from a changed one.
    """

    content: AnyLine
    identity: Identity
    digest: bytes
    plain: Mapping[str, Any]
    left_out: tuple[str, ...] = ()

    @property
    def digest_as_written(self) -> bytes:
        """What was stored as the digest before version 2 of the contract, which compared the text of values."""
        return _digest(self.plain)


def read_line(raw: bytes, *, now: datetime, zone: ZoneInfo) -> ReadLine:
    """The checked line. Raises BadLine with the first thing that is wrong."""
    plain = _parse(raw)
    kind = plain.get("type")
    shape = SHAPES.get(kind) if isinstance(kind, str) else None
    if shape is None:
        raise BadLine(Refusal.UNKNOWN_TYPE, "type")
    left_out: list[str] = []
    try:
        content = shape.model_validate(plain, context=left_out)
    except ValidationError as error:
        _refuse_shape(error)
    today = now.astimezone(zone).date()
    _check_times(content, today, now)
    try:
        identity = check_identity(content.id_type, content.id_number, today=today)
    except BadIdentity as error:
        raise BadLine(Refusal.BAD_ID, "id_number", why=error.reason) from None
    return ReadLine(content, identity, _digest(_parsed(content, identity)), plain, tuple(left_out))


def with_our_symptoms(line: ReadLine, ours: Mapping[str, str]) -> ReadLine:
    """The line with its symptoms in our codes, ``none`` as no symptom; ``ours`` maps the provider's. Raises BadLine."""
    content = line.content
    if not isinstance(content, DeclarationLine) or not content.symptoms:
        return line
    symptoms = list(dict.fromkeys(ours.get(code, code) for code in content.symptoms))
    if not set(symptoms) <= set(Symptom) or (Symptom.NONE in symptoms and len(symptoms) > 1):
        raise BadLine(Refusal.UNKNOWN_SYMPTOM, "symptoms")
    found = [] if symptoms == [Symptom.NONE] else symptoms
    return replace(line, content=content.model_copy(update={"symptoms": found}))


def _parse(raw: bytes) -> dict[str, Any]:
    if len(raw) > MOST_BYTES:
        raise BadLine(Refusal.TOO_LONG, limit=MOST_BYTES)
    try:
        plain = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, BadLine) else BadLine(Refusal.BAD_JSON) from None
    if not isinstance(plain, dict):
        raise BadLine(Refusal.BAD_JSON)
    return plain


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values for one key either could be meant; JSON libraries silently take the last."""
    table = dict(pairs)
    if len(table) != len(pairs):
        raise BadLine(Refusal.REPEATED_KEY)
    return table


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _refuse_shape(error: ValidationError) -> NoReturn:
    """The first finding of pydantic as one of our reasons."""
    finding = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(step) for step in finding["loc"])
    match finding["type"]:
        case "missing":
            reason = Refusal.MISSING_FIELD
        case "extra_forbidden":
            reason, field = Refusal.UNKNOWN_FIELD, field if _KEY.fullmatch(field) else "…"
        case "string_unicode":
            reason = Refusal.BAD_TEXT
        case _:
            # By what ``fault`` gave along: pydantic has words of its own that are codes of ours, such as "too_long" for a list.
            reason = Refusal(finding.get("ctx", {}).get("reason", Refusal.BAD_FIELD))
    raise BadLine(reason, field) from None


def _check_times(content: AnyLine, today: date, now: datetime) -> None:
    """Nothing that was done can lie ahead, and nothing ends before it begins. A clock that is fast is no reason to refuse."""
    if isinstance(content, CheckInLine):
        if content.day > today:
            raise BadLine(Refusal.IN_FUTURE, "day")
        return
    if isinstance(content, DisplayedLine):
        # It is measured by minutes, so a fast clock would accuse the provider of what it could not know yet.
        if content.shown_at > now:
            raise BadLine(Refusal.IN_FUTURE, "shown_at")
        return
    for place, stay in enumerate(content.area_stays or []):
        if stay.left_on is not None and stay.left_on < stay.from_day:
            raise BadLine(Refusal.ENDS_BEFORE_START, f"area_stays.{place}.left_on")
    for field, day in _planned_days(content):
        if day > today + FARTHEST_PLAN:
            raise BadLine(Refusal.BAD_DATE, field)


def _planned_days(content: DeclarationLine) -> list[tuple[str, date]]:
    days = [("arrival.on", content.arrival.on)] if content.arrival else []
    days += [("overseas_arrival_on", content.overseas_arrival_on)] if content.overseas_arrival_on else []
    for place, stay in enumerate(content.area_stays or []):
        days.append((f"area_stays.{place}.from", stay.from_day))
        days += [(f"area_stays.{place}.left_on", stay.left_on)] if stay.left_on else []
    return days


def _parsed(content: AnyLine, identity: Identity) -> dict[str, Any]:
    """What the line says, in one spelling of every value: null as absent, instants in UTC, the person's details normalised."""
    values = content.model_dump(mode="python", by_alias=True, exclude_none=True, exclude_unset=True)
    instants = {name: value.astimezone(UTC) for name, value in values.items() if isinstance(value, datetime)}
    return {**values, **instants, "id_type": identity.id_type.value, "id_number": identity.id_number}


def _digest(plain: Mapping[str, Any]) -> bytes:
    """SHA-256 of the whole content, however its keys were ordered."""
    return hashlib.sha256(CANONICAL.encode(plain).encode()).digest()
