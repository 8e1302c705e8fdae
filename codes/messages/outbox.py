"""Writing messages, always in the transaction of what they report, so that neither exists without the other."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from psycopg2.extras import Json

from codes.models import Citizen
from codes.models.message import MessageChoice, MessageKind
from regions.journal.record import record
from regions.refusals import NotFound
from regions.sql import compose
from regions.tenancy import current_city

SQL = Path(__file__).with_suffix(".sql")
# How long before a ruling's end its citizen gets a message.
NEAR = timedelta(days=2)
# A message that is sent later would be misunderstood as news. It stays in the portal only.
SENT_WITHIN = timedelta(hours=24)


# Messages about a change of phone are sent to both phones separately (``codes.citizens.phones``) and cannot be switched
# off.
CHOOSABLE = tuple(kind for kind in MessageKind if kind is not MessageKind.PHONE_NAMED)


class Recipient(NamedTuple):
    """The citizen who gets a message, and the codes and keys of its content."""

    citizen_id: int
    data: dict[str, Any]
    urgent: bool = False


def message_statement(recipients: str) -> str:
    """Return the statement that writes a message for each row of the query ``recipients``. Run it with ``parameters_of`` its kind."""
    return compose(SQL, "write", recipients=recipients)


def parameters_of(kind: MessageKind, *, at: datetime, to_guardians: bool = True) -> dict[str, Any]:
    by_sms = sends_sms() and kind in CHOOSABLE
    return {"kind": kind.value, "at": at, "by_sms": by_sms, "sent_within": SENT_WITHIN, "to_guardians": to_guardians}


WRITE = message_statement(compose(SQL, "given"))
WRITE_OF_ENDING = f"{message_statement(compose(SQL, 'ending'))} ON CONFLICT DO NOTHING"


def write_messages(
    kind: MessageKind, recipients: Iterable[Recipient], *, now: datetime, to_guardians: bool = True
) -> None:
    """Write a message to each of these people and to their guardians. Call in the transaction of the act."""
    rows = list(recipients)
    if not rows:
        return
    given: dict[str, Any] = {
        "citizens": [one.citizen_id for one in rows],
        "data": [Json(one.data) for one in rows],
        "urgent": [one.urgent for one in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(WRITE, {**given, **parameters_of(kind, at=now, to_guardians=to_guardians)})


def write_messages_of_ending_rulings(*, now: datetime) -> int:
    """Write a message to the people whose ruling is about to end, once for each ruling. Return the number of messages."""
    today = current_city().day_of(now)
    with connection.cursor() as cursor:
        days = {"today": today, "near": today + NEAR}
        cursor.execute(WRITE_OF_ENDING, {**days, **parameters_of(MessageKind.RULING_ENDS, at=now)})
        return int(cursor.rowcount)


def sends_sms() -> bool:
    """Return whether the installation has an SMS gateway."""
    return bool(settings.SMS_GATEWAY != settings.NO_SMS_GATEWAY)


def choose(citizen: Citizen, *, by_sms: Collection[str], language: str, by: str, now: datetime) -> None:
    """Set which of the choosable kinds a citizen receives by SMS, and in which language; empty: in each.

    Only the citizen may do so.
    """
    if by != citizen.actor:
        raise NotFound
    without = sorted(kind.value for kind in CHOOSABLE if kind.value not in by_sms)
    with transaction.atomic():
        chosen = {"without": without, "language": language}
        MessageChoice.objects.update_or_create(citizen=citizen, defaults=chosen)
        record("messages.chosen", by=by, now=now, subject=citizen.subject, data=chosen)
