"""Sessions in the database (``SESSION_ENGINE``), which remain valid while the database accepts no writes.

Nobody is signed out because their activity cannot be written: a session that was in use when the database became read-only lasts
until it accepts writes again, and no longer than ``SESSION_COOKIE_AGE`` (``docs/adr/0062-showing-goes-on.md``).
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib.sessions.backends import db
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from regions.prepared import Beside, Prepared, asked
from regions.staff.models import Session

LONGEST_WHILE_CLOSED = timedelta(seconds=settings.SESSION_COOKIE_AGE)
# Key in the session data for the signed-in citizen, by their ``id``.
CITIZEN = "citizen"


def _by_key() -> QuerySet[Session]:
    takes_no_writes = RawSQL("current_setting('transaction_read_only')::boolean", [])
    return Session.objects.annotate(is_closed=takes_no_writes).filter(session_key=asked("key"))


BY_KEY = Prepared("session_by_key", _by_key)
COLUMNS = len(Session._meta.concrete_fields) + 1

# A statement that begins with ``BY_KEY``, and a function that returns its other parameters.
Reading = tuple[Beside, Callable[[], dict[str, Any]]]


class SessionStore(db.SessionStore):
    """A session. ``is_closed`` means that the database accepts no writes, so that changes of an existing session are not saved.

    ``reading`` is the statement by which the session is read, and ``beside`` the row's further columns once it is read.
    """

    is_closed = False
    reading: Reading | None = None
    beside: Sequence[Any] = ()

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session = cast("Session", super().create_model_instance(data))
        session.citizen_id = data[CITIZEN]["id"] if CITIZEN in data else None
        return session

    def _validate_session_key(self, key: str) -> bool:
        """Return whether it can be a key. A cookie may contain anything, also NUL, with which the database cannot be asked."""
        is_key = bool(super()._validate_session_key(key))  # type: ignore[misc]  # Django's types lack it
        return is_key and key.isascii() and key.isalnum()

    def _get_session_from_db(self) -> Any:
        statement, parameters = self.reading or (BY_KEY, dict)
        for row in statement.rows({"key": self.session_key, **parameters()}):
            found = BY_KEY.object_of(Session, row)
            # With a standby, another web server writes.
            self.is_closed = bool(vars(found)["is_closed"]) and not settings.STANDBY
            if found.expire_date > timezone.now() - (LONGEST_WHILE_CLOSED if self.is_closed else timedelta()):
                self.beside = row[COLUMNS:]
                return found
        self._session_key = None
        return None

    def save(self, must_create: bool = False) -> None:
        """Save the session. A new one is saved even if the database is read-only, so that signing in fails visibly.

        With a standby changes are not saved: the proxy asks the primary for the page.
        """
        if (must_create or not self.is_closed) and not settings.STANDBY:
            super().save(must_create)

    def delete(self, session_key: str | None = None) -> None:
        """Delete the session. While nothing can be written, signing out only removes the key from the browser."""
        if not (self.is_closed or settings.STANDBY):
            super().delete(session_key)


class CookieMiddleware:
    """Reads the session together with what the view shows, and sends the CSRF cookie only to browsers that do not have it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if request.COOKIES.get(settings.CSRF_COOKIE_NAME) == request.META.get("CSRF_COOKIE"):
            # Django sends it with every form to extend it. It lasts a year, and the next form sets another.
            request.META["CSRF_COOKIE_NEEDS_UPDATE"] = False
        return response

    def process_view(self, request: HttpRequest, view: Callable[..., Any], _args: Any, kwargs: Any) -> None:
        """Set what the view reads with the session, by its ``reads_with_session``, if its address has no arguments."""
        if not kwargs:
            request.session.reading = getattr(view, "reads_with_session", None)  # type: ignore[attr-defined]
