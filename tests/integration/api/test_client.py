"""The example client of docs/, against a server that listens."""

import http.client
import runpy
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.utils import timezone

from codes.intake.provider_keys import issue_key, signing_secret
from codes.models import Entry, IdempotentAnswer, Scope
from regions.models import City
from tests.integration.constraints.cast import Cast
from tests.integration.lines import ANNA, check_in, declaration

FILE = settings.BASE_DIR / "docs" / "api_client.py"


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing on the screen."""


@pytest.fixture
def port(alpha: City, one_connection: None) -> Iterator[int]:
    """A server on the test's own connection, so that both see the same rows."""
    own = connections["default"]
    own.inc_thread_sharing()

    def serve() -> None:
        connections["default"] = own
        server.serve_forever(poll_interval=0.01)

    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()
    own.dec_thread_sharing()


@pytest.fixture
def client(port: int) -> Any:
    """Alipay's, whose first answer is lost on its way."""
    module = runpy.run_path(str(FILE))
    key, _ = issue_key(provider="alipay", by="operator:lin", now=timezone.now(), scopes=list(Scope))
    made = module["Client"]("alpha.localhost", str(key.pk), signing_secret(key))
    made.connect = lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    made.problem = module["ProblemError"]
    return made


def test_the_client_delivers_asks_and_follows_cursors(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    send = client.send
    lost: list[Any] = []

    def lose_the_first(*parts: Any) -> Any:
        answer = send(*parts)
        if not lost:
            lost.append(parts)
            raise ConnectionResetError
        return answer

    client.send = lose_the_first
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    told = list(client.deliver([declaration(), check_in(), check_in(entry_id="c-2", day="tomorrow")]))
    assert [one["result"] for one in told] == ["accepted", "accepted", "refused"], "answered as the first time"
    assert (told[2]["reason"], told[2]["field"]) == ("bad_date", "day")
    assert Entry.objects.count() == 2
    assert IdempotentAnswer.objects.count() == 1
    assert client.ask("status", {"id_type": "10", "id_number": ANNA})["state"] == "unknown"
    cast = Cast()
    for number in range(3):
        citizen = cast.make("codes.Citizen")
        row = cast.make("codes.Disagreement", citizen=citizen, closed_run=None)
        cast.make("codes.Case", number=f"N-{number}", citizen=citizen, disagreement=row)
    assert [one["number"] for one in client.each("cases", limit="2")] == ["N-2", "N-1", "N-0"]
    with pytest.raises(client.problem, match="422 bad_body") as refused:
        client.ask("status", {"id_type": "10"})
    assert [one["field"] for one in refused.value.errors] == ["id_number"]
    client.secret = "another"
    with pytest.raises(client.problem, match="401 not_this_key"):
        list(client.each("cases"))
