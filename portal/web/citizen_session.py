"""A citizen's session: its own key in the session data, its own idle time, and never together with a staff account."""

from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from codes.glance import READ, code_and_glance_of, glance_parameters
from codes.models import Citizen, DisplayFinding, Message, PhoneChange
from portal.web.host import city_of
from portal.web.sessions import BY_KEY, CITIZEN, LONGEST_WHILE_CLOSED, Reading
from regions.prepared import Beside, Prepared, asked

TOUCH_SECONDS = 60
# Each of these writes is a page that a standby cannot answer.
TOUCH_SECONDS_OF_STANDBY = settings.CITIZEN_IDLE.total_seconds() / 2


def sign_in(request: HttpRequest, citizen: Citizen, *, now: datetime) -> None:
    """Begin a new session for the citizen; anybody signed in before in this browser is signed out."""
    request.session.flush()
    request.session[CITIZEN] = {"id": citizen.pk, "seen": now.timestamp()}
    request.session.set_expiry(int(settings.CITIZEN_IDLE.total_seconds()))


def sign_out(request: HttpRequest) -> None:
    request.session.flush()


def signed_in_citizen(request: HttpRequest, *, now: datetime) -> Citizen | None:
    """Return the citizen of this session, or ``None`` if nobody is signed in or the session was idle for too long.

    The citizen is read with ``phone_waits`` (whether another phone of theirs waits for confirmation), ``shown_wrongly`` (whether a
    provider shows them a wrong colour) and ``has_unread`` (whether there are unread messages); for a view that reads
    ``CODE_WITH_SESSION`` also with ``code_and_glance``.
    """
    held = request.session.get(CITIZEN) if city_of(request) else None
    if held is None:
        return None
    idle = now.timestamp() - held["seen"]
    longest = LONGEST_WHILE_CLOSED if getattr(request.session, "is_closed", False) else settings.CITIZEN_IDLE
    if idle > longest.total_seconds():
        sign_out(request)
        return None
    # At most once a minute, so that not every request writes.
    if idle > (TOUCH_SECONDS_OF_STANDBY if settings.STANDBY else TOUCH_SECONDS):
        request.session[CITIZEN] = {**held, "seen": now.timestamp()}
    beside = getattr(request.session, "beside", ())
    if beside:
        code, glance, row = code_and_glance_of(beside, now=now)
        # The signed session data decides who it is; the column is a copy, which sessions of an earlier release do not have.
        if row[0] == held["id"]:
            citizen = WHO.object_of(Citizen, row)
            citizen.code_and_glance = code, glance  # type: ignore[attr-defined]  # not a field of the model
            return citizen
    found = WHO.found(Citizen, {"citizen": held["id"]})
    return found[0] if found else None


def _who() -> QuerySet[Citizen]:
    waiting = PhoneChange.objects.filter(citizen=OuterRef("pk"), state=PhoneChange.State.PROPOSED)
    wrong = DisplayFinding.objects.filter(citizen=OuterRef("pk"), closed_at__isnull=True)
    unread = Message.objects.filter(recipient=OuterRef("pk"), read_at__isnull=True)
    known = {"phone_waits": Exists(waiting), "shown_wrongly": Exists(wrong), "has_unread": Exists(unread)}
    return Citizen.objects.annotate(**known).filter(pk=asked("citizen"))


WHO = Prepared("signed_in_citizen", _who)
WITH_CODE = Beside("signed_in_citizen_with_code", READ, WHO)
# For a view that shows the code: the session, the signed-in citizen and their code in one statement.
CODE_WITH_SESSION: Reading = (
    Beside("session_with_code", BY_KEY, WITH_CODE, citizen="citizen_id"),
    lambda: glance_parameters(timezone.now()),
)
