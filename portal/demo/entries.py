"""A life as lines that providers send: declarations and check-ins, one JSON object a line (`docs/contracts.md` §3)."""

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from portal.demo.life import Answers, Life
from portal.demo.people import Person

CHECKED_IN_AT = time(7, 30)


class Sent(NamedTuple):
    """A line, and when its person entered it."""

    at: datetime
    line: bytes


def declaration_lines(person: Person, life: Life) -> Iterator[Sent]:
    """Yield the person's declarations to each provider, oldest first."""
    for provider, declared in life.answers.items():
        for number, answers in enumerate(declared, start=1):
            yield Sent(answers.submitted_at, _line(_declaration(person, provider, number, answers)))


def check_in_lines(person: Person, life: Life, *, first: date, last: date) -> Iterator[Sent]:
    """Yield the check-ins of these days. Those who check in on the day of the stories continue daily, in good health."""
    today = life.stage.today
    for provider, days_ago in life.checked_in.items():
        ill = life.unhealthy.get(provider, set())
        for ago in sorted(days_ago):
            day = today - timedelta(days=ago)
            if first <= day <= last:
                yield _check_in(person, provider, day, life.stage.zone, healthy=ago not in ill)
        later = max(first, today + timedelta(days=1))
        if 0 in days_ago:
            for days in range((last - later).days + 1):
                day = later + timedelta(days=days)
                yield _check_in(person, provider, day, life.stage.zone, healthy=True)


def displayed_line(person: Person, provider: str, value: str, *, at: datetime) -> bytes:
    """Return the line about the value that a provider displayed to the person at this instant."""
    return _line(
        {
            "type": "displayed",
            "provider": provider,
            "entry_id": f"{provider}-{person.number}-displayed",
            **_about(person),
            "value": value,
            "shown_at": at.isoformat(),
        }
    )


def _declaration(person: Person, provider: str, number: int, answers: Answers) -> dict[str, Any]:
    return {
        "type": "declaration",
        "provider": provider,
        "entry_id": f"{provider}-{person.number}-{number}",
        **_about(person),
        "full_name": person.full_name,
        "phone": person.phone,
        "submitted_at": answers.submitted_at.isoformat(),
        "symptoms": [],
        "contact": "no",
        "area_stays": [],
        **answers.rest,
    }


def _check_in(person: Person, provider: str, day: date, zone: ZoneInfo, *, healthy: bool) -> Sent:
    at = datetime.combine(day, CHECKED_IN_AT, zone)
    content = {
        "type": "check_in",
        "provider": provider,
        "entry_id": f"{provider}-{person.number}-{day:%Y%m%d}",
        **_about(person),
        "submitted_at": at.isoformat(),
        "day": day.isoformat(),
        "healthy": healthy,
    }
    return Sent(at, _line(content))


def _about(person: Person) -> dict[str, str]:
    return {"id_type": person.id_type.value, "id_number": person.id_number}


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()
