"""The way to green as a bar: which day of how many."""

from dataclasses import dataclass

from django.utils.translation import get_language

from codes import forecast
from portal.citizen.my_code import MyCode


@dataclass(frozen=True)
class Progress:
    """``text`` says what the bar shows."""

    day: int
    days: int
    text: str


def progress(mine: MyCode) -> Progress | None:
    """As the forecast counts it; none when no day is in sight, or the way is a day at most."""
    way = mine.outlook
    if way is None or way.day_number is None or way.of_days is None or way.of_days < 2:
        return None
    said = forecast.progress(way, language=get_language() or "", title_of=str).said
    return Progress(min(way.day_number, way.of_days), way.of_days, said)
