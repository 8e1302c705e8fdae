"""A provider's front end that receives messages, and webhooks with its address."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from codes.models import Citizen, Entry, Provider, Webhook
from codes.webhooks import subscriptions
from regions.proposals import roles_of
from regions.staff.roles import Role
from tests.integration.review.desk import hire

CODE, OPENED, DECIDED, ALARM = "code.changed", "case.opened", "case.decided", "alarm.raised"
DISPLAY = "finding.display"


@dataclass
class Receiver:
    """The front end. ``answer`` returns the status with which a message is answered."""

    address: str = ""
    answer: Callable[[dict[str, Any]], int] = lambda _told: 204
    headers: dict[str, str] = field(default_factory=dict)
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.came]

    def words(self, event: str = CODE) -> list[tuple[str, str]]:
        """Return (person, colour or state) of the received messages of this event, in the order received."""
        key = "colour" if event == CODE else "state"
        return [(one["person"], one["data"][key]) for one in self.told if one["event"] == event]


@contextmanager
def listening() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.came.append((dict(self.headers), body))
            self.send_response(receiver.answer(json.loads(body)))
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.address = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()


def hook(
    address: str, provider: str | None = "wechat", *, now: datetime, events: tuple[str, ...] = (CODE, OPENED, DECIDED)
) -> Webhook:
    """Return a webhook in force, proposed and approved by two people."""
    for name, role in (("qian", Role.SOURCE_MANAGER), ("zhou", Role.APPROVER)):
        if not roles_of(name):
            hire(name, role, now=now)
    owner = Provider.objects.get(code=provider) if provider else None
    made = subscriptions.propose(provider=owner, address=address, events=events, reason="前端", by="qian", now=now)
    return subscriptions.approve(made.pk, by="zhou", now=now)


def declared(name: str, entry_id: str, *, at: datetime, provider: str = "wechat") -> Entry:
    """Create a declaration of the person with the provider's entry id."""
    return Entry.objects.create(
        provider=Provider.objects.get(code=provider),
        citizen=Citizen.objects.get(ref=name),
        entry_id=entry_id,
        type="declaration",
        submitted_at=at,
        instant=at,
        received_at=at,
        digest=entry_id.encode(),
    )
