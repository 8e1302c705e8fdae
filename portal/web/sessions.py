"""Sessions in the database (``SESSION_ENGINE``), which stay as they are while the database takes no writes.

Then nobody is signed out because nothing could be written of them: a session that was in use when the database closed lasts until
it opens again, and no longer than ``SESSION_COOKIE_AGE`` (``docs/adr/0062-showing-goes-on.md``).
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
# Where a session says which citizen is signed in, by their ``id``.
CITIZEN = "citizen"


def _by_key() -> QuerySet[Session]:
    takes_no_writes = RawSQL("current_setting('transaction_read_only')::boolean", [])
    return Session.objects.annotate(is_closed=takes_no_writes).filter(session_key=asked("key"))


BY_KEY = Prepared("session_by_key", _by_key)
COLUMNS = len(Session._meta.concrete_fields) + 1

# A statement that begins with ``BY_KEY``, and what gives its other parameters.
Reading = tuple[Beside, Callable[[], dict[str, Any]]]


class SessionStore(db.SessionStore):
    """``is_closed``: the database takes no writes, so that what changes of a session that is there is not kept.

    ``reading``: by which statement the session is read; ``beside``: what it has beside the session, once that is read.
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

    def _get_session_from_db(self) -> Any:
        statement, parameters = self.reading or (BY_KEY, dict)
        for row in statement.rows({"key": self.session_key, **parameters()}):
            found = BY_KEY.object_of(Session, row)
            # Beside a standby it is another web server that writes.
            self.is_closed = bool(vars(found)["is_closed"]) and not settings.STANDBY
            if found.expire_date > timezone.now() - (LONGEST_WHILE_CLOSED if self.is_closed else timedelta()):
                self.beside = row[COLUMNS:]
                return found
        self._session_key = None
        return None

    def save(self, must_create: bool = False) -> None:
        """Makes a new one even then, or rather lets the database say why not: nobody signs in to what will be forgotten.

        Beside a standby what has changed stays unsaved: the page is asked of the primary.
        """
        if (must_create or not self.is_closed) and not settings.STANDBY:
            super().save(must_create)

    def delete(self, session_key: str | None = None) -> None:
        """Whoever signs out while nothing can be written is signed out in their browser, which forgets the key."""
        if not (self.is_closed or settings.STANDBY):
            super().delete(session_key)


class CookieMiddleware:
    """What the session's cookie leads to is read with what the view shows; the cookie of forms is not sent to a browser that has it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if request.COOKIES.get(settings.CSRF_COOKIE_NAME) == request.META.get("CSRF_COOKIE"):
            # Django sends it with every form, to make it last. It lasts a year, and the next form brings another.
            request.META["CSRF_COOKIE_NEEDS_UPDATE"] = False
        return response

    def process_view(self, request: HttpRequest, view: Callable[..., Any], _args: Any, kwargs: Any) -> None:
        """A view says by ``reads_with_session`` what it shows of whoever is signed in, where its address names nobody else."""
        if not kwargs:
            request.session.reading = getattr(view, "reads_with_session", None)  # type: ignore[attr-defined]
