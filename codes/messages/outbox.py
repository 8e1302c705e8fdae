"""Writing messages: always in the transaction of what they tell of, so that neither is there without the other."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from psycopg2.extras import Json

from codes.models import Citizen
from codes.models.message import MessageChoice, MessageKind
from codes.review.permissions import actor_name
from regions.journal.record import record
from regions.refusals import NotFound
from regions.sql import compose
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")
# A ruling's last day is told of so long before it is over.
NEAR = timedelta(days=2)
# Later it would be taken for news: what could not be sent by then is in the portal only.
SENT_WITHIN = timedelta(hours=24)


# What a phone is told of its own change goes to both phones by itself (``codes.citizens.phones``), and nobody can do without it.
CHOOSABLE = tuple(kind for kind in MessageKind if kind is not MessageKind.PHONE_NAMED)


class Told(NamedTuple):
    """Who is told, and the codes and keys of what."""

    citizen_id: int
    data: dict[str, Any]
    urgent: bool = False


def telling(told: str) -> str:
    """The statement that writes a message for each row of the query ``told``, to be run with ``parameters_of`` its kind."""
    return compose(SQL, "tell", told=told)


def parameters_of(kind: MessageKind, *, at: datetime, to_guardians: bool = True) -> dict[str, Any]:
    by_sms = sends_sms() and kind in CHOOSABLE
    return {"kind": kind.value, "at": at, "by_sms": by_sms, "sent_within": SENT_WITHIN, "to_guardians": to_guardians}


TELL = telling(compose(SQL, "given"))
TELL_OF_ENDS = f"{telling(compose(SQL, 'ending'))} ON CONFLICT DO NOTHING"


def tell(kind: MessageKind, told: Iterable[Told], *, now: datetime, to_guardians: bool = True) -> None:
    """Tell these people, and whoever answers for them. Call in the transaction of the act."""
    rows = list(told)
    if not rows:
        return
    given: dict[str, Any] = {
        "citizens": [one.citizen_id for one in rows],
        "data": [Json(one.data) for one in rows],
        "urgent": [one.urgent for one in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(TELL, {**given, **parameters_of(kind, at=now, to_guardians=to_guardians)})


def tell_of_ending_rulings(*, now: datetime) -> int:
    """Tell those whose ruling is about to end, once for each ruling; how many messages."""
    today = current_city().day_of(now)
    with connection.cursor() as cursor:
        days = {"today": today, "near": today + NEAR}
        cursor.execute(TELL_OF_ENDS, {**days, **parameters_of(MessageKind.RULING_ENDS, at=now)})
        return int(cursor.rowcount)


def sends_sms() -> bool:
    """Whether the installation has a way to phones."""
    return bool(settings.SMS_GATEWAY != settings.NO_SMS_GATEWAY)


def choose(citizen: Citizen, *, by_sms: Collection[str], language: str, by: str, now: datetime) -> None:
    """What of the choosable kinds a citizen is sent from now on, and in which language; empty: in each. Their own act."""
    if by != actor_name(citizen):
        raise NotFound
    without = sorted(kind.value for kind in CHOOSABLE if kind.value not in by_sms)
    with transaction.atomic():
        chosen = {"without": without, "language": language}
        MessageChoice.objects.update_or_create(citizen=citizen, defaults=chosen)
        record("messages.chosen", by=by, now=now, subject=f"citizen:{citizen.ref}", data=chosen)
