"""The way to green as a bar: which day of how many."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.citizen.my_code import MyCode


@dataclass(frozen=True)
class Progress:
    """``text`` says what the bar shows."""

    day: int
    days: int
    text: str


def progress(mine: MyCode) -> Progress | None:
    """Of the record that holds longest; none when no day is in sight, or the way is a day at most."""
    counted = mine.way.day_of(mine.today) if mine.way else None
    if counted is None or counted[1] < 2:
        return None
    day, days = counted
    return Progress(day, days, _("Day %(day)d of %(days)d") % {"day": day, "days": days})
