"""Sessions in the database (``SESSION_ENGINE``), which stay as they are while the database takes no writes.

Then nobody is signed out because nothing could be written of them: a session that was in use when the database closed lasts until
it opens again, and no longer than ``SESSION_COOKIE_AGE`` (``docs/adr/0062-showing-goes-on.md``).
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from regions.prepared import Prepared, asked

LONGEST_WHILE_CLOSED = timedelta(seconds=settings.SESSION_COOKIE_AGE)


def _by_key() -> QuerySet[Session]:
    takes_no_writes = RawSQL("current_setting('transaction_read_only')::boolean", [])
    return Session.objects.annotate(is_closed=takes_no_writes).filter(session_key=asked("key"))


BY_KEY = Prepared("session_by_key", _by_key)


class SessionStore(db.SessionStore):
    """``is_closed``: the database takes no writes, so that what changes of a session that is there is not kept."""

    is_closed = False

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Any:
        for found in BY_KEY.found(Session, {"key": self.session_key}):
            # Beside a standby it is another web server that writes.
            self.is_closed = bool(vars(found)["is_closed"]) and not settings.STANDBY
            if found.expire_date > timezone.now() - (LONGEST_WHILE_CLOSED if self.is_closed else timedelta()):
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
