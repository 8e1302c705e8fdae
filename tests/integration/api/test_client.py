"""The example client of docs/, and one made from the API's description, against a server that listens."""

import http.client
import importlib
import json
import runpy
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.utils import timezone
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType

from codes.intake.provider_keys import issue_key, signing_secret
from codes.models import Entry, IdempotentAnswer, Scope
from portal.api.schema import document
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


@pytest.fixture
def generated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Modules by name of a package that openapi-python-client makes of the document."""
    source = tmp_path / "document.json"
    source.write_bytes(document())
    settings_of_maker = ConfigFile(
        package_name_override="city_client",
        post_hooks=[],
        content_type_overrides={"application/x-ndjson": "application/octet-stream"},
    )
    config = Config.from_sources(
        settings_of_maker,
        MetaType.NONE,
        document_source=source,
        file_encoding="utf-8",
        overwrite=False,
        output_path=tmp_path / "city_client",
    )
    assert list(generate(config=config)) == [], "a warning: some call was left out"
    monkeypatch.syspath_prepend(str(tmp_path))
    yield lambda name: importlib.import_module(f"city_client.{name}")
    for name in [one for one in sys.modules if one.partition(".")[0] == "city_client"]:
        del sys.modules[name]


def test_a_generated_client_runs_the_example(generated: Callable[[str], Any], port: int) -> None:
    """Delivers lines, asks for a colour and lists cases, by the names and types of the document."""
    _, key = issue_key(provider="alipay", by="operator:lin", now=timezone.now(), scopes=list(Scope))

    def caller(token: str) -> Any:
        address, headers = f"http://127.0.0.1:{port}", {"Host": "alpha.localhost"}
        return generated("client").AuthenticatedClient(base_url=address, token=token, headers=headers)

    client = caller(key)
    models, outcome = generated("models"), generated("models").LineResultResult
    lines = [declaration(), check_in(), check_in(entry_id="c-2", day="tomorrow")]
    body = generated("types").File("\n".join(json.dumps(line) for line in lines).encode())
    told = generated("api.entries.deliver_entries").sync(client=client, body=body)
    assert [one.result for one in told.lines] == [outcome.ACCEPTED, outcome.ACCEPTED, outcome.REFUSED]
    assert told.lines[2].reason == models.LineResultReason.BAD_DATE
    person = models.PersonQuery(id_type="10", id_number=ANNA)
    status = generated("api.status.ask_status").sync(client=client, body=person)
    assert status.state == models.State.UNKNOWN
    page = generated("api.cases.list_cases").sync(client=client, limit=2)
    assert (page.items, page.next_cursor) == ([], None)
    refused = generated("api.cases.list_cases").sync(client=caller("another"))
    assert isinstance(refused, models.Problem)
    assert refused.code == "not_this_key"
