"""From one raw line to a checked one, or the reason why it is refused. The database is not used."""

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
# Earlier than any provider.
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
    """Return the digits dialled inside the country, so that a number is found however it was written; ``None`` if it is
    not a number.
    """
    digits = _PHONE_DRESSING.sub("", unicodedata.normalize("NFKC", phone))
    digits = digits.removeprefix("+86") if digits.startswith("+86") else digits.removeprefix("0086")
    return digits if _PHONE.fullmatch(digits) else None


def normalise_name(name: str) -> str | None:
    """Return the name with normalised letters and spaces; ``None`` if it cannot be used."""
    plain = " ".join(unicodedata.normalize("NFKC", name).split())
    # Characters of private use count as not printable but occur in names, as rare characters in their old encoding.
    is_text = plain.isprintable() or all(unicodedata.category(letter) not in ("Cc", "Cs") for letter in plain)
    return plain if plain and is_text and len(plain) <= LONGEST_NAME else None


def _if_usable(normalise: Callable[[str], str | None]) -> BeforeValidator:
    """Omit and report a personal detail that cannot be used, so that no health answer is lost because of it."""

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
# A declared journey may be in the future, but not farther than tickets are sold.
FARTHEST_PLAN = timedelta(days=366)
# Created once, because ``json.dumps`` creates another for every line.
CANONICAL = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=date.isoformat)
# An unknown key may be any text. Only text that looks like a key is repeated to the sender.
_KEY = re.compile(r"[a-z_.0-9]*[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A valid line. ``left_out`` contains the names of personal details that cannot be used.

    ``digest`` distinguishes a repeated line from a changed one.
    """

    content: AnyLine
    identity: Identity
    digest: bytes
    plain: Mapping[str, Any]
    left_out: tuple[str, ...] = ()

    @property
    def digest_as_written(self) -> bytes:
        """The digest as stored before version 2 of the contract, which compared the text of values."""
        return _digest(self.plain)


def read_line(raw: bytes, *, now: datetime, zone: ZoneInfo) -> ReadLine:
    """Return the checked line. Raises ``BadLine`` with the first fault."""
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
    """Return the line with its symptoms in the city's codes; ``none`` becomes an empty list.

    ``ours`` maps the provider's codes. Raises ``BadLine``.
    """
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
    """Refuse an object with a repeated key: either value could be meant, and JSON libraries silently use the last."""
    table = dict(pairs)
    if len(table) != len(pairs):
        raise BadLine(Refusal.REPEATED_KEY)
    return table


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _refuse_shape(error: ValidationError) -> NoReturn:
    """Raise ``BadLine`` for pydantic's first finding."""
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
            # Only the reason that ``fault`` passed is used: pydantic has codes of its own that equal ours, such as
            # "too_long" for a list.
            reason = Refusal(finding.get("ctx", {}).get("reason", Refusal.BAD_FIELD))
    raise BadLine(reason, field) from None


def _check_times(content: AnyLine, today: date, now: datetime) -> None:
    """Refuse days in the future and ends before their beginning.

    ``submitted_at`` may be ahead: a fast clock is no reason to refuse.
    """
    if isinstance(content, CheckInLine):
        if content.day > today:
            raise BadLine(Refusal.IN_FUTURE, "day")
        return
    if isinstance(content, DisplayedLine):
        # Displayed colours are measured by minutes, so a fast clock would blame the provider for what it could not know
        # yet.
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
    """Return the content with each value in one form: null as absent, instants in UTC, personal details normalised."""
    values = content.model_dump(mode="python", by_alias=True, exclude_none=True, exclude_unset=True)
    instants = {name: value.astimezone(UTC) for name, value in values.items() if isinstance(value, datetime)}
    return {**values, **instants, "id_type": identity.id_type.value, "id_number": identity.id_number}


def _digest(plain: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 of the whole content, independent of the order of its keys."""
    return hashlib.sha256(CANONICAL.encode(plain).encode()).digest()
