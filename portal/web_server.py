"""The web server: ``python -m portal.web_server --listen 127.0.0.1:8000 --threads 4`` (docs/operations.md).

waitress reads a whole request before a thread answers it, and sends the answer as fast as the client reads it. So a slow client
uses a connection but no thread. If more requests arrive than the threads can answer soon, they are refused at once
(``portal.crowding``).
"""

import argparse
import signal
from copy import copy
from http.cookies import CookieError, SimpleCookie
from typing import Any

from django.conf import settings
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import create_server

from portal import wsgi
from portal.crowding import turn_away, turn_away_crowds
from portal.web.bodies import limit_of

# Maximum of open connections, including those of slow clients.
CONNECTIONS = 1000
# A connection without traffic for so long is closed.
SILENT_SECONDS = 20
HEADER_BYTES = 32 * 1024


class Request(HTTPRequestParser):
    """A request as it arrives. Its view's limit applies as soon as the header is complete, also to chunked bodies."""

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        path = self.path.encode("latin-1").decode("utf-8", errors="replace")
        if self.adj.crowd.turns_away(path):
            turn_away(self, path)
            return
        self.adj: Any = copy(self.adj)
        # waitress refuses bodies that reach the value.
        self.adj.max_request_body_size = limit_of(path, stranger=self._is_stranger()) + 1

    def _is_stranger(self) -> bool:
        """Return whether the request has neither a session cookie nor a key. The view checks whether they are valid."""
        try:
            cookies = SimpleCookie(self.headers.get("COOKIE", ""))
        except CookieError:
            return True
        shown = {"AUTHORIZATION", "X_APP_ID"} & self.headers.keys()
        return settings.SESSION_COOKIE_NAME not in cookies and not shown


class Channel(HTTPChannel):
    parser_class = Request


def serve(*, listen: str, threads: int, proxy: str) -> None:
    """Answer until SIGTERM or Ctrl+C and finish what has begun. ``proxy`` is the address whose X-Forwarded-Proto is trusted."""
    server = create_server(
        wsgi.application,
        listen=listen,
        threads=threads,
        connection_limit=CONNECTIONS,
        channel_timeout=SILENT_SECONDS,
        cleanup_interval=SILENT_SECONDS // 2,
        max_request_header_size=HEADER_BYTES,
        trusted_proxy=proxy,
        trusted_proxy_headers={"x-forwarded-proto"},
        clear_untrusted_proxy_headers=False,  # the portal reads X-Forwarded-For itself, from its end
        ident=None,
        asyncore_use_poll=True,
    )
    server.channel_class = Channel
    turn_away_crowds(server)
    signal.signal(signal.SIGTERM, _end)
    limit_of("/", stranger=False)  # load the addresses before the first request
    server.run()


def _end(*_: object) -> None:
    raise SystemExit


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m portal.web_server", description=__doc__)
    parser.add_argument("--listen", default="127.0.0.1:8000", metavar="HOST:PORT")
    parser.add_argument("--threads", type=int, default=4, help="requests that are answered at once")
    parser.add_argument("--proxy", default="127.0.0.1", metavar="ADDRESS", help="of the proxy that ends TLS")
    asked = parser.parse_args()
    serve(listen=asked.listen, threads=asked.threads, proxy=asked.proxy)


if __name__ == "__main__":
    main()
