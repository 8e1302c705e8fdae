"""HTTP for the stand-in big-data centre: one reply per request, sent whole, in half, byte by byte or not at all."""

from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from threading import Event

from portal.demo.stand_ins.big_data_faults import Fault, Reply

SLOW_SECONDS = 60
DRIP_SECONDS = 0.2

Answer = Callable[[str, Mapping[str, str]], tuple[Fault, Reply]]


def make_handler(answer: Answer, ended: Event) -> type[BaseHTTPRequestHandler]:
    """Return a handler class for `answer`; deliberate waits end when the server has `ended`."""

    class Handler(BaseHTTPRequestHandler):
        """Keeps connections open, as a real centre does, and buffers, so that a page is sent in one piece."""

        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16
        timeout = 120

        def do_GET(self) -> None:
            """Answer, or fail as the fault demands."""
            fault, reply = answer(self.path, dict(self.headers.items()))
            if fault is Fault.SLOW:
                ended.wait(SLOW_SECONDS)
            if fault is Fault.DOWN or (fault is Fault.SLOW and ended.is_set()):
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            try:
                self._send_body(reply)
            except ConnectionError:
                # A client that limits what it reads closes the connection, as intended.
                self.close_connection = True

        def _send_body(self, reply: Reply) -> None:
            """Send the body as the reply demands. Raises ConnectionError."""
            if reply.cut:
                self.wfile.write(reply.body[: len(reply.body) // 2])
                self.close_connection = True
                return
            if not reply.drip:
                self.wfile.write(reply.body)
                return
            for byte in reply.body:
                self.wfile.write(bytes((byte,)))
                self.wfile.flush()
                if ended.wait(DRIP_SECONDS):
                    return

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            """Log nothing: request lines contain only cursors and instants."""

    return Handler
