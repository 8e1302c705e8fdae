"""The two kinds of lines a provider sends (`docs/contracts.md` §3): keys and types; nothing is converted or guessed.

`contact` absent or null is a question not answered; `0` and `false` are not answers and are refused.
"""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from codes.intake.refusals import Refusal
from regions.divisions import is_division_code

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PHONE_DRESSING = re.compile(r"[ ()-]")
_PHONE = re.compile(r"\+?[0-9]{5,20}")
EARLIEST_DAY = date(1900, 1, 1)
# Before any provider existed; with it the offset of an instant can never push it out of the calendar.
EARLIEST_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)


def fault(reason: Refusal) -> PydanticCustomError:
    """A finding whose type is one of our reason codes."""
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
    if not isinstance(value, str):
        raise fault(Refusal.BAD_TIME)
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise fault(Refusal.BAD_TIME) from None
    if instant.tzinfo is None or instant.year < EARLIEST_INSTANT.year or instant < EARLIEST_INSTANT:
        raise fault(Refusal.BAD_TIME)
    return instant


def _area(area: str) -> str:
    if not is_division_code(area):
        raise fault(Refusal.BAD_AREA)
    return area


def _phone(phone: str) -> str:
    """The digits people dial inside the country: a number is found again however it was written."""
    digits = _PHONE_DRESSING.sub("", phone)
    digits = digits.removeprefix("+86") if digits.startswith("+86") else digits.removeprefix("0086")
    if not _PHONE.fullmatch(digits):
        raise fault(Refusal.BAD_FIELD)
    return digits


Symptom = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_storable)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_storable)]
Phone = Annotated[str, Field(max_length=40), AfterValidator(_phone)]
Day = Annotated[date, BeforeValidator(_day)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Area = Annotated[str, AfterValidator(_area)]


class Shape(BaseModel):
    """No unknown keys, no conversions, no values in errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class AreaStay(Shape):
    """A stay, still going on when `left_on` is none."""

    area: Area
    from_day: Annotated[Day, Field(alias="from")]
    left_on: Day | None = None


class Arrival(Shape):
    """Came from elsewhere."""

    from_area: Area
    on: Day


class Line(Shape):
    """What both kinds share: who says it, about whom."""

    provider: Name
    entry_id: Name
    id_type: Name
    id_number: Name


class DeclarationLine(Line):
    """Answers to the questions of a health declaration; a question left out is not answered."""

    type: Literal["declaration"]
    full_name: Name | None = None
    phone: Phone | None = None
    submitted_at: Instant
    symptoms: Annotated[list[Symptom], Field(max_length=100)] = []
    contact: Literal["yes", "no", "unsure"] | None = None
    area_stays: Annotated[list[AreaStay], Field(max_length=200)] = []
    arrival: Arrival | None = None
    overseas_arrival_on: Day | None = None


class CheckInLine(Line):
    """A day's health report."""

    type: Literal["check_in"]
    day: Day
    healthy: bool


SHAPES: dict[str, type[DeclarationLine] | type[CheckInLine]] = {
    "declaration": DeclarationLine,
    "check_in": CheckInLine,
}
