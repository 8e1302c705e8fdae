"""A web server with a standby of the database (``STANDBY``): it shows codes, and the primary's web servers do everything else.

The proxy sends it the most frequent requests (``deploy/nginx-standby.conf``). If it cannot answer as the primary would (nobody is
signed in, something has to be written, the standby is behind), the proxy asks the primary
(``docs/adr/0078-a-standby-shows-codes.md``).
"""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

# A ruling has to be on every page within a minute. Beat writes every 15 seconds, so a standby that keeps up is never this old.
OLDEST_SECONDS = 40
ASKED_EVERY_SECONDS = 1.0
AT_PRIMARY = "@portal_primary"
KEEPS_UP = "SELECT NOT pg_is_in_recovery() OR coalesce(pg_last_xact_replay_timestamp() > now() - make_interval(secs => %s), false)"

log = logging.getLogger(__name__)


class StandbyMiddleware:
    """Returns only complete answers for which nothing had to be written. Not used if the database is no standby."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.STANDBY:
            raise MiddlewareNotUsed
        self._get_response = get_response
        self._asked_at, self._keeps_up = float("-inf"), False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "GET" or not self._is_fresh():
            return _by_primary()
        response = self._get_response(request)
        session = getattr(request, "session", None)
        is_whole = response.status_code == 200 and session is not None and not session.modified
        return response if is_whole else _by_primary()

    def _is_fresh(self) -> bool:
        """Return whether the standby keeps up, as of the last second: a query per page would be one of seven."""
        now = time.monotonic()
        if now - self._asked_at >= ASKED_EVERY_SECONDS:
            self._asked_at, self._keeps_up = now, _keeps_up()
        return self._keeps_up


def _keeps_up() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute(KEEPS_UP, [OLDEST_SECONDS])
            return bool(cursor.fetchone()[0])
    except DatabaseError:
        log.warning("the standby does not answer", exc_info=True)
        connection.close()
        return False


def _by_primary() -> HttpResponse:
    """Return the answer that makes nginx ask the primary. Clients do not see it."""
    return HttpResponse(headers={"X-Accel-Redirect": AT_PRIMARY})
